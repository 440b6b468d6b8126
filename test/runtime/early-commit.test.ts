import { expect, it } from 'vitest'
import { integer, StreamsBuilder, string, topic } from '../../index.ts'
import { MemoryApp } from './memory-app.ts'

const clicks = topic('clicks', { key: string(), value: integer(), partitions: 1 })
const counts = topic('counts', { key: string(), value: integer(), partitions: 1 })
const never = 3_600_000
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
