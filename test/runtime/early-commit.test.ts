import { expect, it } from 'vitest'
import { integer, keyValueStore, StreamsBuilder, string, topic } from '../../index.ts'
import { MemoryApp } from './memory-app.ts'

const clicks = topic('clicks', { key: string(), value: integer(), partitions: 1 })
const counts = topic('counts', { key: string(), value: integer(), partitions: 1 })
const never = 600_000
/** Of which the only store's write buffer gets 256 KiB. */
const stateMemoryBytes = 3 * 1024 * 1024

it.each([
  ['its part of the memory budget, without a cache', { cacheMaxBytes: 0, stateMemoryBytes }],
  ['its part of the cache', { cacheMaxBytes: 256 * 1024 }]
])('a store that has filled %s is committed at once', async (_, memory) => {
  const app = await MemoryApp.create()
  try {
    const builder = new StreamsBuilder()
    builder.stream(clicks).groupByKey().count({ name: 'counts' }).toStream().to(counts)
    const streams = await app.start(builder.build(), { commitIntervalMs: never, ...memory })
    // with what an entry costs beside its bytes, some 600 KiB
    await app.write(
      clicks,
      Array.from({ length: 4_000 }, (_, number) => ({ key: `key ${number}`, value: 1, timestamp: 0 }))
    )
    await app.until(streams, () => app.read(counts).length > 0)
    expect(app.read(counts)[0]?.decoded).toMatchObject({ key: 'key 0', value: 1 })
    await streams.close()
  } finally {
    await app.dispose()
  }
})

it.each([
  ['with', true],
  ['without', false]
])(
  'records of large changes are committed before they are too many for a buffer (%s a cache)',
  async (_, cached) => {
    const app = await MemoryApp.create()
    try {
      const documents = topic('documents', { key: string(), value: string(), partitions: 1 })
      const builder = new StreamsBuilder()
      builder.table(documents, { name: 'latest', cached })
      await app.write(
        documents,
        Array.from({ length: 2_000 }, (_, number) => ({
          key: `key ${number}`,
          value: 'x'.repeat(10_000),
          timestamp: number
        }))
      )
      const streams = await app.start(builder.build(), { cacheMaxBytes: 256 * 1024 })
      await app.caughtUp(streams)
      await streams.close()
    } finally {
      await app.dispose()
    }
  }
)

it('punctuation that is due when a buffer is full comes after the commit, before the next record', async () => {
  const app = await MemoryApp.create()
  try {
    const documents = topic('documents', { key: string(), value: string(), partitions: 1 })
    const store = keyValueStore({ name: 'parts', key: string(), value: string(), cached: false })
    const seen: string[] = []
    const builder = new StreamsBuilder()
    builder.stream(documents).process(
      () => ({
        init(context) {
          const parts = context.store(store)
          const put = (what: string) => {
            seen.push(what)
            // one is within the bound, two are beyond it, three beyond twice the bound
            for (let i = 0; i < 9; i++) parts.put(`${what} ${i}`, 'x'.repeat(20_000), 0)
          }
          context.schedule(10, 'stream', (time) => put(`a ${time}`))
          context.schedule(10, 'stream', (time) => put(`b ${time}`))
          context.schedule(10, 'stream', (time) => put(`c ${time}`))
        },
        process({ timestamp }) {
          seen.push(`record ${timestamp}`)
        }
      }),
      { stores: [store] }
    )
    await app.write(
      documents,
      [10, 15, 20].map((timestamp) => ({ key: 'key', value: '', timestamp }))
    )
    const streams = await app.start(builder.build(), { cacheMaxBytes: 256 * 1024 })
    // three records, and three calls at two times
    await app.until(streams, () => seen.length === 9)
    await streams.close()
    expect(seen.join(', ')).toBe('record 10, a 10, b 10, c 10, record 15, record 20, a 20, b 20, c 20')
  } finally {
    await app.dispose()
  }
})

it('one callback may change many times the share of its store; a commit comes at once', async () => {
  const app = await MemoryApp.create()
  try {
    const builder = new StreamsBuilder()
    const stores = Array.from({ length: 60 }, (_, number) =>
      keyValueStore({ name: `store-${number}`, key: string(), value: string() })
    )
    const [large] = stores as [(typeof stores)[number]]
    builder
      .stream(clicks)
      .process(
        () => ({
          process({ key, value, timestamp }, context) {
            const store = context.store(large)
            for (let i = 0; i < 20_000; i++) store.put(`${i}`, 'x', timestamp)
            context.forward({ key, value, timestamp, headers: [] })
          }
        }),
        { stores }
      )
      .to(counts)
    const streams = await app.start(builder.build(), {
      commitIntervalMs: never,
      cacheMaxBytes: 60 * 100 * 1024
    })
    await app.write(clicks, [{ key: 'key', value: 1, timestamp: 0 }])
    await app.until(streams, () => app.read(counts).length > 0)
    await streams.close()
  } finally {
    await app.dispose()
  }
})

it('callbacks of several tasks that are due at once may each change most of what the buffers hold', async () => {
  const app = await MemoryApp.create()
  try {
    let now = 1_700_000_000_000
    let called = 0
    const twoPartitions = topic('two-partitions', { key: string(), value: integer(), partitions: 2 })
    const builder = new StreamsBuilder()
    const stores = Array.from({ length: 10 }, (_, number) =>
      keyValueStore({ name: `store-${number}`, key: string(), value: string() })
    )
    const [large] = stores as [(typeof stores)[number]]
    builder.stream(twoPartitions).process(
      () => ({
        init(context) {
          const store = context.store(large)
          context.schedule(60_000, 'wall-clock', (time) => {
            // some 1.4 MB
            for (let i = 0; i < 10_000; i++) store.put(`${i}`, 'x', time)
            called++
          })
        },
        process: () => undefined
      }),
      { stores }
    )
    await app.write(twoPartitions, [])
    const streams = await app.start(builder.build(), {
      commitIntervalMs: never,
      cacheMaxBytes: 20 * 100 * 1024,
      clock: { now: () => now }
    })
    await app.until(streams, () => streams.tasks().filter(({ running }) => running).length === 2)
    now += 60_000
    await app.until(streams, () => called === 2)
    expect(streams.state).toBe('RUNNING')
    await streams.close()
  } finally {
    await app.dispose()
  }
})
