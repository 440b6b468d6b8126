import { expect, it } from 'vitest'
import { integer, StreamsBuilder, string, topic } from '../../index.ts'
import { MemoryApp } from './memory-app.ts'

const clicks = topic('clicks', { key: string(), value: integer(), partitions: 1 })
const totals = topic('totals', { key: string(), value: integer(), partitions: 1 })
// within a test; under exactly-once more than that is refused
const never = 800_000

it.each([
  ['a thread with nothing to do commits before its interval is over', never, 10],
  ['but never later', 10, never]
])('%s', async (_, commitIntervalMs, idleCommitIntervalMs) => {
  const app = await MemoryApp.create()
  try {
    const builder = new StreamsBuilder()
    builder
      .stream(clicks)
      .groupBy((value) => String(value % 2), { name: 'by-parity', key: string() })
      .aggregate({ name: 'sums', initial: () => 0, add: (value, sum) => sum + value, value: integer() })
      .toStream()
      .to(totals)
    const streams = await app.start(builder.build(), { commitIntervalMs, idleCommitIntervalMs })
    await app.write(
      clicks,
      [1, 2, 3].map((value) => ({ key: 'a', value, timestamp: 0 }))
    )
    await app.until(streams, () => app.read(totals).length === 2)
    expect(app.read(totals).map(({ decoded }) => [decoded.key, decoded.value])).toEqual(
      expect.arrayContaining([
        ['0', 2],
        ['1', 4]
      ])
    )
    await streams.close()
  } finally {
    await app.dispose()
  }
})
