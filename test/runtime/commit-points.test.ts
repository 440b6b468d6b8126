import { expect, it } from 'vitest'
import { integer, StreamsBuilder, string, TimeWindows, topic } from '../../index.ts'
import { MemoryApp } from './memory-app.ts'

const clicks = topic('clicks', { key: string(), value: integer(), partitions: 1 })
const commit = [1, 2, 3, 4, 5].flatMap((step) => [`before step ${step}`, `after step ${step}`])
const expiry = ['before step 6', 'after step 6']

it('a commit goes through its steps in order; the last one only when something has expired', async () => {
  const app = await MemoryApp.create()
  try {
    const builder = new StreamsBuilder()
    builder
      .stream(clicks)
      .groupByKey()
      .windowedBy(TimeWindows.ofSizeAndGrace(60_000, 0))
      .count({ name: 'minutes', retentionMs: 120_000 })
    const points: string[] = []
    const streams = await app.start(builder.build(), {
      commitIntervalMs: 10,
      onCommitPoint: (point) => void points.push(point)
    })
    /** What the commit of one record at that time goes through. */
    const pointsAt = async (timestamp: number) => {
      points.length = 0
      await app.write(clicks, [{ key: 'a', value: 1, timestamp }])
      await app.until(streams, async () => points.length >= 10 && (await streams.lag()).records === 0)
      return points
    }
    expect(await pointsAt(0)).toEqual(commit)
    expect(await pointsAt(60_000)).toEqual(commit)
    expect(await pointsAt(600_000)).toEqual([...commit, ...expiry])
    expect(await pointsAt(601_000)).toEqual(commit)
    await streams.close()
  } finally {
    await app.dispose()
  }
})
