import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  GrowableBytes,
  integer,
  partitionForKey,
  type Serde,
  SessionWindows,
  StreamsBuilder,
  sessionWindowed,
  string,
  TimeWindows,
  timeWindowed,
  topic,
  type Windowed
} from '../../index.ts'
import { MemoryApp } from './memory-app.ts'

/*
 * Where Kafka Streams writes keys with a window: StreamSinkNode has a WindowedStreamPartitioner, repartition topics (UnoptimizableRepartitionNode)
 * and sinks of the Processor API have the default one.
 */

const minute = 60_000
const partitions = 8
const clicks = topic('clicks', { key: string(), value: integer(), partitions })
const timeKey = timeWindowed(string(), minute)
const windows = topic('windows', { key: timeKey, value: integer(), partitions })
const chosen = topic('chosen', { key: timeKey, value: integer(), partitions })
const sessions = topic('sessions', { key: sessionWindowed(string()), value: integer(), partitions })

let app: MemoryApp
beforeEach(async () => {
  app = await MemoryApp.create()
})
afterEach(() => app.dispose())

function partitionOf<K>(serde: Serde<K>, key: K): number {
  const bytes = new GrowableBytes()
  return partitionForKey(bytes.buffer, 0, serde.encode(key, bytes, 0), partitions)
}

it('all windows of a key are written to the partition of the key; repartition topics go by the whole', async () => {
  const builder = new StreamsBuilder()
  const grouped = builder.stream(clicks).groupByKey()
  const counts = grouped
    .windowedBy(TimeWindows.ofSizeWithNoGrace(minute))
    .count({ name: 'counts' })
    .toStream()
  counts.to(windows)
  counts.to([chosen], () => chosen)
  counts.repartition({ name: 'whole', key: timeKey, value: integer() }).foreach(() => {})
  const visits = grouped.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(1000)).count({ name: 'visits' })
  visits.toStream().to(sessions)

  const keys = ['a', 'b', 'c']
  const rows = Array.from({ length: 6 }, (_, i) =>
    keys.map((key) => ({ key, value: 1, timestamp: i * minute }))
  ).flat()
  await app.write(clicks, rows)
  for (const { name } of [windows, chosen, sessions]) app.broker.createTopicSync(name, partitions, {})
  const streams = await app.start(builder.build())
  await app.caughtUp(streams)
  await streams.close()

  for (const written of [windows, chosen, sessions]) {
    const records = app.read<Windowed<string>, number>(written).filter(({ value }) => value !== null)
    expect(records).toHaveLength(rows.length)
    for (const { partition, decoded } of records)
      expect(partition).toBe(partitionOf(string(), decoded.key?.key ?? ''))
  }
  const whole = app.read(topic('app-whole-repartition', { key: timeKey, value: integer() }))
  expect(whole).toHaveLength(rows.length)
  for (const { partition, decoded } of whole)
    expect(partition).toBe(partitionOf(timeKey, decoded.key as Windowed<string>))
})
