import { type Sink, type SinkBatch, StreamsError } from '../../index.ts'

export interface KeptRows<V, R> {
  readonly sink: Sink<string, V>
  /** What is kept of the latest value of each key. */
  all(): Iterable<R>
}

/** So many rows are kept without asking which of them are outdated. */
const fewRows = 10_000

/**
 * A sink that keeps something of the latest value of each key in memory, to be looked at: gauges are made so. Topics are read from their start
 * whenever a partition is taken over.
 *
 * @param keep what is kept of a value; null: nothing
 * @param outdated which rows are not needed any more, asked whenever there are twice as many as were left the last time
 */
export function keptRows<V, R>(
  name: string,
  keep: (value: V, key: string) => R | null,
  outdated?: (all: Iterable<R>) => (row: R) => boolean
): KeptRows<V, R> {
  const partitions = new Map<string, Map<string, R>>()
  let askAt = fewRows
  function* all(): Generator<R> {
    for (const rows of partitions.values()) yield* rows.values()
  }
  function size(): number {
    let rows = 0
    for (const kept of partitions.values()) rows += kept.size
    return rows
  }
  const sink: Sink<string, V> = {
    name,
    async open(topic, _topicId, partition) {
      partitions.set(`${topic}-${partition}`, new Map())
      return 0
    },
    released(topic, partition) {
      partitions.delete(`${topic}-${partition}`)
    },
    async write({ topic, partition, records }: SinkBatch<string, V>) {
      const rows = partitions.get(`${topic}-${partition}`)
      if (rows === undefined) throw new StreamsError('SINK_FENCED', `${topic}-${partition} was not opened`)
      for (const { key, value } of records) {
        if (key === null) continue
        const row = value === null ? null : keep(value, key)
        if (row === null) rows.delete(key)
        else rows.set(key, row)
      }
      if (outdated === undefined || size() < askAt) return []
      const isOutdated = outdated(all())
      for (const kept of partitions.values())
        for (const [key, row] of kept) if (isOutdated(row)) kept.delete(key)
      askAt = Math.max(fewRows, 2 * size())
      return []
    },
    async close() {
      partitions.clear()
    }
  }
  return { sink, all }
}
