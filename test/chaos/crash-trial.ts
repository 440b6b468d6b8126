import { spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { JavaApplication, type TakeoverInput } from '../peer/takeover.ts'
import { verifyTopic } from '../peer/verify.ts'
import type { LastWords } from '../takeover/self-kill.ts'
import type { CaseResult } from './case.ts'
import { storeIdentities } from './store-identities.ts'

export interface CrashTrial {
  readonly name: string
  readonly app: string
  readonly guarantee: 'exactly_once_v2' | 'at_least_once'
  readonly engine: 'rocksdb' | 'level'
  /** Where the process kills itself. */
  readonly point: string
  /** At which commit, or restored store. */
  readonly after: number
  readonly input: TakeoverInput
  /** What the changelogs must hold in the end, under exactly-once; sorted. */
  readonly state: readonly string[]
  /** What the outputs must hold in the end, under exactly-once; sorted. */
  readonly outputs: readonly string[]
  readonly bootstrap: string
  readonly directory: string
}

interface Report {
  readonly restored: number
  readonly stores: readonly string[]
}

/** Each update of a key-value store in the topology stands for one of the window store at most. */
const changelogRecordsPerUpdate = 2

/**
 * The application is killed, started again, and must end as if nothing had happened: its stores equal their compacted changelogs (read by
 * Java), under exactly-once nothing is lost or doubled, no store was wiped, and not more was restored than was not committed.
 */
export async function runCrashTrial(trial: CrashTrial): Promise<CaseResult> {
  const { name, app, bootstrap, directory, guarantee, input, point } = trial
  const java = new JavaApplication(bootstrap, app)
  await java.produce(input)
  const restoring = point === 'restore'
  if (restoring) {
    // state that is only in the changelogs
    await run(trial, [])
    await rm(directory, { recursive: true, force: true })
  }
  const lastWordsFile = `${directory}-last-words.json`
  const killed = await run(trial, [
    '--kill-at',
    point,
    '--kill-after',
    String(trial.after),
    '--last-words',
    lastWordsFile
  ])
  if (killed.signal !== 'SIGKILL') return failed(name, `was not killed: it ended with ${killed.code}`)
  const words = JSON.parse(await readFile(lastWordsFile, 'utf8')) as LastWords
  const before = await storeIdentities(directory)
  const ended = await run(trial, ['--report'])
  if (ended.code !== 0) return failed(name, `did not come back: ${ended.stderr.slice(-300)}`)
  const after = await storeIdentities(directory)
  const { restored, stores } = JSON.parse(ended.stdout) as Report

  const problems: string[] = []
  const dump = sorted(await java.dump())
  if (dump.join('\n') !== stores.join('\n')) problems.push('stores differ from their changelogs')
  for (const [store, identity] of before)
    if (after.get(store) !== identity) problems.push(`${store} was made anew`)
  const mayRestore = words.updatesSinceCommit * changelogRecordsPerUpdate
  if (!restoring && restored > mayRestore)
    problems.push(`restored ${restored} records, ${mayRestore} were not committed`)
  const verdict = await verifyTopic({ bootstrap, topic: `${app}-output`, uniqueBy: 'key+field:count' })
  const duplicates = verdict.duplicates ?? 0
  if (verdict.records - duplicates < input.records)
    problems.push(`${input.records - verdict.records + duplicates} outputs are lost`)
  if (guarantee === 'exactly_once_v2') {
    if (verdict.records !== input.records || duplicates > 0)
      problems.push(`${verdict.records} outputs, ${duplicates} twice`)
    if (dump.join('\n') !== trial.state.join('\n')) problems.push('the changelogs are not what they must be')
    if (sorted(await java.outputs()).join('\n') !== trial.outputs.join('\n'))
      problems.push('the outputs are not what they must be')
  }
  await rm(directory, { recursive: true, force: true })
  const facts = `commit ${words.commits}, ${restored} restored of ${mayRestore} uncommitted, ${duplicates} outputs twice`
  return problems.length === 0
    ? { name, passed: true, details: facts }
    : failed(name, `${problems.join('; ')} (${facts})`)
}

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

function run(trial: CrashTrial, args: readonly string[]): Promise<Ended> {
  const { app, bootstrap, guarantee, engine, directory } = trial
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, '../takeover/main.ts'),
      ...['--app', app, '--bootstrap', bootstrap, '--guarantee', guarantee, '--engine', engine],
      // commits are many, so that there is one to be killed in
      ...['--state', directory, '--commit', '20', '--timeout', '60'],
      ...args
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] }
  )
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

function sorted(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .sort()
}

function failed(name: string, details: string): CaseResult {
  return { name, passed: false, details }
}
