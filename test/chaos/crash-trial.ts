import { readFile, rm } from 'node:fs/promises'
import { partitionForKey } from '../../index.ts'
import { JavaApplication, type TakeoverInput } from '../peer/takeover.ts'
import { verifyTopic } from '../peer/verify.ts'
import { runTakeover, type TakeoverProcess } from '../takeover/run-takeover.ts'
import type { LastWords } from '../takeover/self-kill.ts'
import { partitions } from '../takeover/topology.ts'
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
  /** How long windows are kept, hours; the default outlasts the input. */
  readonly retention?: number
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
  const { name, app, bootstrap, directory, guarantee, engine, input, point, after, retention } = trial
  const java = new JavaApplication(bootstrap, app)
  const run: TakeoverProcess = {
    ...{ app, bootstrap, guarantee, engine, state: directory, timeout: 60 },
    ...(retention === undefined ? {} : { retention }),
    // commits are many, so that there is one to be killed in
    commit: 20
  }
  await java.produce(input)
  const restoring = point === 'restore'
  if (restoring) {
    // state that is only in the changelogs
    await runTakeover(run)
    await rm(directory, { recursive: true, force: true })
  }
  const lastWords = `${directory}-last-words.json`
  const killed = await runTakeover({ ...run, 'kill-at': point, 'kill-after': after, 'last-words': lastWords })
  if (killed.signal !== 'SIGKILL') return failed(name, `was not killed: it ended with ${killed.code}`)
  const words = JSON.parse(await readFile(lastWords, 'utf8')) as LastWords
  const before = await storeIdentities(directory, engine)
  const ended = await runTakeover({ ...run, report: true })
  if (ended.code !== 0) return failed(name, `did not come back: ${ended.stderr.slice(-300)}`)
  const { restored, stores } = JSON.parse(ended.stdout) as Report
  const [now, dump, outputs, verdict] = await Promise.all([
    storeIdentities(directory, engine),
    java.dump().then(sorted),
    java.outputs().then(sorted),
    verifyTopic({ bootstrap, topic: `${app}-output`, uniqueBy: 'key+field:count' })
  ])

  const problems: string[] = []
  const kept = retention === undefined ? dump : withoutExpired(dump, retention)
  if (kept.join('\n') !== stores.join('\n')) problems.push('stores differ from their changelogs')
  if (retention !== undefined && kept.length === dump.length) problems.push('nothing expired')
  // it is killed when its stores are open, so there are some to be found again
  if (before.size === 0) problems.push('the killed process left no store')
  for (const [store, { folder, content }] of before) {
    if (now.get(store)?.folder !== folder) problems.push(`${store} was made anew`)
    else if (content !== undefined && now.get(store)?.content !== content)
      problems.push(`${store} was emptied`)
  }
  const mayRestore = words.updatesSinceCommit * changelogRecordsPerUpdate
  if (!restoring && restored > mayRestore)
    problems.push(`restored ${restored} records, ${mayRestore} were not committed`)
  const duplicates = verdict.duplicates ?? 0
  if (verdict.records - duplicates < input.records)
    problems.push(`${input.records - verdict.records + duplicates} outputs are lost`)
  if (guarantee === 'exactly_once_v2') {
    if (verdict.records !== input.records || duplicates > 0)
      problems.push(`${verdict.records} outputs, ${duplicates} twice`)
    if (dump.join('\n') !== trial.state.join('\n')) problems.push('the changelogs are not what they must be')
    if (outputs.join('\n') !== trial.outputs.join('\n'))
      problems.push('the outputs are not what they must be')
  }
  await rm(directory, { recursive: true, force: true })
  const facts = `commit ${words.commits}, ${restored} restored of ${mayRestore} uncommitted, ${duplicates} outputs twice`
  return problems.length === 0
    ? { name, passed: true, details: facts }
    : failed(name, `${problems.join('; ')} (${facts})`)
}

/** Leaves out windows that the stream time of their partition has outlived; its changelog keeps them. */
function withoutExpired(dump: readonly string[], retentionHours: number): string[] {
  const windows = dump.map((line) => {
    const [store = '', window = ''] = line.split(' ')
    const at = window.lastIndexOf('@')
    const key = Buffer.from(window.slice(0, at), 'utf8')
    const partition = partitionForKey(key, 0, key.length, partitions)
    return { line, hourly: store === 'hourly', partition, start: Number(window.slice(at + 1)) }
  })
  const streamTimes = new Map<number, number>()
  for (const { hourly, partition, start } of windows)
    if (hourly) streamTimes.set(partition, Math.max(start, streamTimes.get(partition) ?? 0))
  return windows
    .filter(
      ({ hourly, partition, start }) =>
        !hourly || start > (streamTimes.get(partition) ?? 0) - retentionHours * 3_600_000
    )
    .map(({ line }) => line)
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
