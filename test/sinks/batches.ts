import { noHeaders } from '../../core/record.ts'
import type { SinkBatch, SinkRecord } from '../../sinks/sink.ts'

/** A batch of topic `sales`, partition 0, whose records follow each other from `first`. A null value is a tombstone. */
export function batchOf<K, V>(
  first: number,
  entries: readonly (readonly [K, V | null])[],
  topicId = 'life-1',
  partition = 0
): SinkBatch<K, V> {
  const records = entries.map(
    ([key, value], at): SinkRecord<K, V> => ({
      topic: 'sales',
      partition,
      offset: first + at,
      key,
      value,
      timestamp: 1000 + first + at,
      headers: noHeaders
    })
  )
  return { topic: 'sales', topicId, partition, records, first, next: first + entries.length }
}
