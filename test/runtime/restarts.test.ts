import { afterEach, expect, it } from 'vitest'
import { type KafkaStreams, StreamsError, type Topic } from '../../index.ts'
import { Random } from '../kafka/random.ts'
import { MemoryApp, type Row } from './memory-app.ts'
import {
  inputs,
  NOISE,
  type RestartGraph,
  tablesGraph,
  versionedGraph,
  waitingGraph
} from './restart-graphs.ts'

const RECORDS = 400
const KEYS = 8

const apps: MemoryApp[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.dispose()))
})

type Input = readonly (readonly [Topic<string, number>, readonly Row<string, number>[]])[]

/** Records out of order, some late; at the end one far in the future for each key, after which nothing waits any more. */
function randomInput(seed: number): Input {
  const random = new Random(seed)
  return Object.values(inputs).map((topic) => {
    let time = 1000
    const rows = Array.from({ length: RECORDS }, () => {
      time += random.below(6)
      const key = `k${random.below(KEYS)}`
      if (random.below(12) === 0) return { key, value: NOISE, timestamp: time + random.below(200) }
      const late = random.below(4) === 0 ? random.below(120) : random.below(15)
      // a tombstone means something to tables only
      const value = topic === inputs.other && random.below(10) === 0 ? null : random.below(1000)
      return { key, value, timestamp: Math.max(0, time - late) }
    })
    for (const timestamp of [1_000_000, 1_001_000])
      for (let key = 0; key < KEYS; key++) rows.push({ key: `k${key}`, value: 1, timestamp })
    return [topic, rows] as const
  })
}

/** What happens after so many commits. */
interface Interruption {
  readonly afterCommits: number
  readonly how: 'restart' | 'restart without state' | 'failed commit'
}

const interruptions: readonly Interruption[] = [
  { afterCommits: 2, how: 'restart' },
  { afterCommits: 2, how: 'failed commit' },
  { afterCommits: 3, how: 'restart without state' },
  { afterCommits: 3, how: 'restart' }
]

interface Run {
  readonly app: MemoryApp
  readonly commits: number
  /** The values of each output topic by key, in order. */
  readonly byKey: Record<string, Record<string, string[]>>
  /** The last of them, without their times: what a cache did not tell of between two commits has moved no time downstream. */
  readonly tables: Record<string, Record<string, string | undefined>>
}

async function run(
  graph: () => RestartGraph,
  input: Input,
  interruptedBy: readonly Interruption[],
  cacheMaxBytes: number
): Promise<Run> {
  const app = await MemoryApp.create()
  apps.push(app)
  for (const [topic, rows] of input) await app.write(topic, rows)
  // each look at the clock is more than an emit interval later: windows leave with the record that closes them, and slices are short
  let now = 1_700_000_000_000
  const clock = { now: () => (now += 1100) }
  const left = [...interruptedBy]
  let commits = 0
  let total = 0
  let streams: KafkaStreams
  const start = () =>
    app.start(graph().topology, {
      clock,
      cacheMaxBytes,
      commitIntervalMs: 0,
      onCommitPoint: (point) => {
        const [next] = left
        if (point === 'before step 4' && next?.how === 'failed commit' && commits >= next.afterCommits) {
          left.shift()
          commits = 0
          throw new StreamsError('PRODUCE_FAILED', 'on purpose')
        }
        if (point !== 'after step 5') return
        commits++
        total++
        // here, not when the test next looks: on a busy machine the rest would be processed by then
        if (next !== undefined && next.how !== 'failed commit' && commits >= next.afterCommits) app.pause()
      }
    })
  streams = await start()
  while (left.length > 0) {
    await app.until(streams, () => {
      const [next] = left
      return next === undefined || (next.how !== 'failed commit' && commits >= next.afterCommits)
    })
    const next = left.shift()
    if (next === undefined) break
    expect((await streams.lag()).records, 'there is work left').toBeGreaterThan(0)
    await streams.close({ leaveGroup: true })
    commits = 0
    if (next.how === 'restart without state') await app.deleteState()
    streams = await start()
  }
  await app.caughtUp(streams)
  await streams.close()
  const byKey: Run['byKey'] = {}
  const tables: Run['tables'] = {}
  for (const topic of graph().outputs) {
    const values: Record<string, string[]> = {}
    for (const { decoded } of app.read(topic)) {
      const list = values[decoded.key as string] ?? []
      values[decoded.key as string] = [...list, `${decoded.value} (${decoded.timestamp})`]
    }
    byKey[topic.name] = values
    // a row that came and went between two commits of one run was never told of in the other
    const last = Object.entries(values).map(([key, list]) => [key, list.at(-1)?.split(' (')[0]] as const)
    tables[topic.name] = Object.fromEntries(last.filter(([, value]) => value !== 'null'))
  }
  return { app, commits: total, byKey, tables }
}

function restoredRecords({ app }: Run): number {
  return app.restores.reduce((sum, { restored }) => sum + restored, 0)
}

it.each([1, 2])(
  'what waits for time goes on after restarts as if there had been none (seed %i)',
  async (seed) => {
    const input = randomInput(seed)
    const whole = await run(waitingGraph, input, [], 0)
    const interrupted = await run(waitingGraph, input, interruptions, 0)
    for (const [name, values] of Object.entries(whole.byKey)) {
      expect(Object.keys(values).length, name).toBe(KEYS)
      expect(interrupted.byKey[name], name).toEqual(values)
    }
    expect(restoredRecords(whole)).toBe(0)
    expect(restoredRecords(interrupted)).toBeGreaterThan(0)
  },
  60_000
)

it.each([3])(
  'what waits for a table’s past does, too (seed %i)',
  async (seed) => {
    const input = randomInput(seed)
    const whole = await run(versionedGraph, input, [], 0)
    const interrupted = await run(versionedGraph, input, interruptions, 0)
    expect(Object.keys(whole.byKey['out-versioned'] ?? {}).length).toBe(KEYS)
    expect(interrupted.byKey).toEqual(whole.byKey)
  },
  60_000
)

it.each([4])(
  'tables end the same after restarts (seed %i)',
  async (seed) => {
    const input = randomInput(seed)
    const whole = await run(tablesGraph, input, [], 1 << 20)
    const interrupted = await run(tablesGraph, input, interruptions, 1 << 20)
    for (const [name, table] of Object.entries(whole.tables)) {
      expect(Object.keys(table).length, name).toBeGreaterThan(5)
      expect(interrupted.tables[name], name).toEqual(table)
    }
  },
  60_000
)
