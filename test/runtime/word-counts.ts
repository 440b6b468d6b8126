import { expect } from 'vitest'
import { type KafkaStreams, StreamsBuilder, string, type Topology } from '../../index.ts'
import { KEYS, wordTopics } from './word-topics.ts'

export { KEYS, PARTITIONS, wordTopics } from './word-topics.ts'

/** Counts words over a repartition topic: 8 tasks without and 8 with state. */
export function rekeyed(prefix = ''): Topology {
  const { words, counts } = wordTopics(prefix)
  const builder = new StreamsBuilder()
  builder
    .stream(words)
    .groupBy((word) => word, { name: 'by-word', key: string() })
    .count({ name: 'counts' })
    .toStream()
    .to(counts)
  return builder.build()
}

/** Counts records by key: 8 tasks with state, one per partition of the topic. */
export function keyed(): Topology {
  const { words, counts } = wordTopics('')
  const builder = new StreamsBuilder()
  builder.stream(words).groupByKey().count({ name: 'counts' }).toStream().to(counts)
  return builder.build()
}

/** The active tasks that run in this process. */
export function activeTasks(streams: KafkaStreams): string[] {
  return streams
    .tasks()
    .filter(({ role, running }) => role === 'active' && running)
    .map(({ id }) => id)
    .sort()
}

/** Each key was counted 1, 2, 3 and so on: nothing was lost, nothing counted or told twice. */
export function expectExactCounts(
  told: Iterable<{ readonly key: string | null; readonly value: number | null }>,
  written: number
): void {
  const byKey = new Map<string | null, (number | null)[]>()
  for (const { key, value } of told) {
    const values = byKey.get(key)
    if (values === undefined) byKey.set(key, [value])
    else values.push(value)
  }
  expect(byKey.size).toBe(KEYS)
  const each = Array.from({ length: written / KEYS }, (_, n) => n + 1)
  for (const [key, values] of byKey) expect(values, `${key}`).toEqual(each)
}
