import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  integer,
  json,
  type KafkaStreams,
  type Optimization,
  StreamsBuilder,
  type StreamsConfig,
  StreamsError,
  string,
  type Topology,
  topic
} from '../../index.ts'
import type { CommitPoint } from '../../runtime/task/commit.ts'
import { Random } from '../kafka/random.ts'
import { MemoryApp, type Row } from './memory-app.ts'

const Item = z.object({ shelf: z.string(), n: z.int() })
const settings = { partitions: 2, cleanupPolicy: 'compact' } as const
const items = topic('items', { key: string(), value: json(Item), ...settings })
/** The same topic as others write it: any text. */
const lines = topic('items', { key: string(), value: string(), ...settings })
const sums = topic('sums', { key: string(), value: integer() })

const reused: readonly Optimization[] = ['reuse.ktable.source.topics']

function graph(optimization: readonly Optimization[]): Topology {
  const builder = new StreamsBuilder({ optimization })
  builder
    .table(items, { name: 'items' })
    .groupBy(({ shelf, n }) => [shelf, n], { name: 'by-shelf', key: string(), value: integer() })
    // wrong for good as soon as one old value is not what the position stands for
    .aggregate({
      name: 'sums',
      initial: () => 0,
      add: (n, sum) => sum + n,
      subtract: (n, sum) => sum - n,
      value: integer()
    })
    .toStream()
    .to(sums)
  return builder.build()
}

class Others {
  readonly table = new Map<string, { readonly shelf: string; readonly n: number }>()
  unreadable = 0
  readonly #random: Random
  readonly #app: MemoryApp
  #time = 0

  constructor(app: MemoryApp, seed: number) {
    this.#app = app
    this.#random = new Random(seed)
  }

  /** Writes records of all sorts. */
  async write(count: number): Promise<void> {
    const random = this.#random
    const rows = Array.from({ length: count }, (): Row<string, string> => {
      const key = `item-${random.below(40)}`
      const timestamp = ++this.#time
      if (random.below(25) === 0) {
        this.unreadable++
        return { key, value: random.below(2) === 0 ? 'no JSON' : '{"shelf":5}', timestamp }
      }
      if (random.below(30) === 0) return { key: null, value: '{"shelf":"a","n":1}', timestamp }
      if (random.below(6) === 0) {
        this.table.delete(key)
        return { key, value: null, timestamp }
      }
      const item = { shelf: `shelf-${random.below(4)}`, n: random.below(1000) }
      this.table.set(key, item)
      return { key, value: JSON.stringify(item, null, random.below(2)), timestamp }
    })
    await this.#app.write(lines, rows)
  }

  get sums(): Record<string, number> {
    const found: Record<string, number> = {}
    for (const { shelf, n } of this.table.values()) found[shelf] = (found[shelf] ?? 0) + n
    return found
  }
}

const apps: MemoryApp[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.dispose()))
})

async function create(): Promise<MemoryApp> {
  const app = await MemoryApp.create()
  apps.push(app)
  return app
}

function start(
  app: MemoryApp,
  config: Partial<StreamsConfig> = {},
  optimization: readonly Optimization[] = reused
): Promise<KafkaStreams> {
  // each look at the clock is later than any commit is due: slices are short, and each is committed
  let now = 1_700_000_000_000
  return app.start(graph(optimization), {
    clock: { now: () => (now += 1100) },
    commitIntervalMs: 0,
    deserializationExceptionHandler: 'dead-letter',
    ...config
  })
}

/** Counts commits and makes one fail, as a process fails there. */
class Commits {
  count = 0
  #failAt: CommitPoint | undefined

  failAt(point: CommitPoint): void {
    this.#failAt = point
  }

  get failed(): boolean {
    return this.#failAt === undefined
  }

  readonly reached = (point: CommitPoint): void => {
    if (point === this.#failAt) {
      this.#failAt = undefined
      throw new StreamsError('PRODUCE_FAILED', 'on purpose')
    }
    if (point === 'after step 5') this.count++
  }
}

function storedRows(streams: KafkaStreams): Map<string, unknown> {
  const stores = streams.keyValueStores<string, unknown>('items')
  return new Map(stores.flatMap((store) => [...store.all()].map(({ key, value }) => [key, value] as const)))
}

function lastSums(app: MemoryApp): Record<string, number | null> {
  const found: Record<string, number | null> = {}
  for (const { decoded } of app.read(sums)) if (decoded.key !== null) found[decoded.key] = decoded.value
  return found
}

describe('a table whose changelog is its source topic', () => {
  it.each([
    ['exactly_once_v2', 0, 1, reused],
    ['exactly_once_v2', 1 << 20, 2, reused],
    ['at_least_once', 0, 3, reused],
    ['at_least_once', 1 << 20, 4, reused],
    // what it is measured by
    ['exactly_once_v2', 0, 6, []]
  ] as const)(
    'is what its position stands for after each restart (%s, cache of %i bytes, seed %i, %j)',
    async (processingGuarantee, cacheMaxBytes, seed, optimization) => {
      const app = await create()
      const others = new Others(app, seed)
      await others.write(300)
      const commits = new Commits()
      const config = { processingGuarantee, cacheMaxBytes, onCommitPoint: commits.reached }
      const begin = () => start(app, config, optimization)
      let streams = await begin()

      for (const how of [
        'restart',
        'restart without state',
        'before step 5',
        'rebuild',
        'before step 4'
      ] as const) {
        const enough = commits.count + 2
        await app.until(streams, () => commits.count >= enough)
        await others.write(200)
        if (how === 'rebuild') {
          await app.until(streams, () => streams.state === 'RUNNING')
          await Promise.all([streams.rebuildTask('0_0'), others.write(50)])
        } else if (how === 'before step 5' || how === 'before step 4') {
          // what is written again after the last one is more than once there: sums would be, too
          if (how === 'before step 4' && processingGuarantee === 'at_least_once') continue
          commits.failAt(how)
          await app.until(streams, () => commits.failed)
          await others.write(50)
        } else {
          await streams.close({ leaveGroup: true })
          if (how === 'restart without state') await app.deleteState()
          await others.write(100)
          streams = await begin()
        }
      }
      await app.caughtUp(streams)

      expect(storedRows(streams)).toEqual(others.table)
      const expected = others.sums
      expect(Object.keys(expected).length).toBe(4)
      expect(lastSums(app)).toMatchObject(expected)
      expect(
        app.restores.filter(({ store, restored }) => store === 'items' && restored > 0).length
      ).toBeGreaterThan(1)
      expect(
        app.broker
          .topicNames()
          .filter((name) => name.endsWith('-changelog'))
          .sort()
      ).toEqual(
        optimization.length === 0 ? ['app-items-changelog', 'app-sums-changelog'] : ['app-sums-changelog']
      )
      // none is written again by a restore
      const deadLetters = app.broker.readAll('app-dead-letters').length
      expect(deadLetters).toBe(others.unreadable)
    },
    30_000
  )

  it('begins again with a topic that was made anew', async () => {
    const app = await create()
    await app.write(lines, [{ key: 'old', value: '{"shelf":"a","n":1}', timestamp: 1 }])
    const first = await start(app)
    await app.caughtUp(first)
    await first.close({ leaveGroup: true })
    app.broker.deleteTopicSync(lines.name)
    await app.write(lines, [
      { key: 'a', value: '{"shelf":"a","n":1}', timestamp: 2 },
      { key: 'b', value: '{"shelf":"a","n":2}', timestamp: 3 }
    ])
    const second = await start(app)
    await app.caughtUp(second)
    expect([...storedRows(second).keys()].sort()).toEqual(['a', 'b'])
    expect(app.log.join('\n')).toContain('the topic was made anew')
  })

  it('keeps its rows and goes on after its settings of caching change', async () => {
    const app = await create()
    const others = new Others(app, 5)
    await others.write(100)
    const first = await start(app, { cacheMaxBytes: 0 })
    await app.caughtUp(first)
    await first.close({ leaveGroup: true })
    const second = await start(app)
    await app.caughtUp(second)
    expect(storedRows(second)).toEqual(others.table)
    expect(app.restores.filter(({ restored }) => restored > 0)).toEqual([])
  })
})
