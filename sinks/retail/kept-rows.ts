import { type Sink, type SinkBatch, StreamsError } from '../../index.ts'

export interface KeptRows<V, R> {
  readonly sink: Sink<string, V>
  /** What is kept of the latest value of each key. */
  all(): Iterable<R>
}

/**
 * A sink that keeps something of the latest value of each key in memory, to be looked at: gauges are made so. Topics are read from their start
 * whenever a partition is taken over.
 *
 * @param keep what is kept of a value; null: nothing
 * @param outdated which rows are not needed any more, asked after each batch
 */
export function keptRows<V, R>(
  name: string,
  keep: (value: V, key: string) => R | null,
  outdated?: (row: R) => boolean
): KeptRows<V, R> {
  const partitions = new Map<string, Map<string, R>>()
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
      if (outdated !== undefined)
        for (const all of partitions.values())
          for (const [key, row] of all) if (outdated(row)) all.delete(key)
      return []
    },
    async close() {
      partitions.clear()
    }
  }
  return {
    sink,
    *all() {
      for (const rows of partitions.values()) yield* rows.values()
    }
  }
}
