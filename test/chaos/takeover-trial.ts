import { JavaApplication, type TakeoverInput } from '../peer/takeover.ts'
import { verifyTopic } from '../peer/verify.ts'
import { runTakeover } from '../takeover/run-takeover.ts'
import type { CaseResult } from './case.ts'

export interface TakeoverTrial {
  readonly name: string
  readonly app: string
  readonly first: 'java' | 'ours'
  readonly guarantee: 'exactly_once_v2' | 'at_least_once'
  /** Bytes of both programs' caches. */
  readonly cache: number
  /** Where our program is killed, one run after the other, before the run that ends by itself. */
  readonly kills: readonly string[]
  /** All of it; the first program gets the first half. */
  readonly input: TakeoverInput
  /** What Kafka Streams' changelogs and outputs must hold in the end. */
  readonly state: string
  readonly outputs: string
  readonly bootstrap: string
  /** Of our program's state; the Java one restores all of its state. */
  readonly directory: string
}

/** Two programs run one application, each over half of its input, as if they were one. */
export async function runTakeoverTrial(trial: TakeoverTrial): Promise<CaseResult> {
  const { name, app, bootstrap, guarantee, cache, input, first } = trial
  const java = new JavaApplication(bootstrap, app)
  const half = Math.floor(input.records / 2)
  const problems: string[] = []
  for (const turn of [1, 2]) {
    await java.produce({ ...input, ...(turn === 1 ? { to: half } : { from: half }) })
    if ((first === 'java') === (turn === 1)) await java.runUntilCommitted({ guarantee, cache })
    else problems.push(...(await runOurs(trial)))
  }
  const [dump, outputs, verdict] = await Promise.all([
    java.dump(),
    java.outputs(),
    verifyTopic({ bootstrap, topic: `${app}-output`, uniqueBy: 'key+field:count' })
  ])
  if (dump !== trial.state) problems.push('the changelogs are not what they must be')
  if (outputs !== trial.outputs) problems.push('the outputs are not what they must be')
  if (!verdict.good) problems.push(`${verdict.duplicates} outputs are there twice`)
  // with caches one output stands for several updates
  if (cache === 0 && verdict.records !== input.records)
    problems.push(`${verdict.records} outputs instead of ${input.records}`)
  const details = `${input.records} records, ${verdict.records} outputs, ${verdict.duplicates} twice, ${trial.kills.length} kills`
  return problems.length === 0
    ? { name, passed: true, details }
    : { name, passed: false, details: `${problems.join('; ')} (${details})` }
}

async function runOurs({ app, bootstrap, guarantee, cache, directory, kills }: TakeoverTrial) {
  const run = { app, bootstrap, guarantee, cache, state: directory, commit: 20, timeout: 60 }
  const problems: string[] = []
  for (const point of kills) {
    const { signal, code } = await runTakeover({
      ...run,
      'kill-at': point,
      'last-words': `${directory}-last-words.json`
    })
    if (signal !== 'SIGKILL') problems.push(`was not killed ${point}: it ended with ${code}`)
  }
  const { code, stderr } = await runTakeover(run)
  if (code !== 0) problems.push(`our program ended with ${code}: ${stderr.slice(-300)}`)
  return problems
}
