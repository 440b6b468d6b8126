import { setImmediate } from 'node:timers/promises'
import { noHeaders } from '../../core/record.ts'
import type { Serde } from '../../core/serde.ts'
import { BatchBuilder } from '../../kafka/batch/batch-builder.ts'
import type { RecordBatches } from '../../kafka/batch/record-batches.ts'
import { RecordCursor } from '../../kafka/batch/record-cursor.ts'
import type { StateStore } from '../../state/state-store.ts'

const batchRecords = 1000

export const nameOf = (key: number): string => `store-${String(key).padStart(10, '0')}`

/** A fetched batch of records that all have the same value. */
export function batchOf<V>(
  count: number,
  keyOf: (i: number) => string,
  serde: Serde<V>,
  value: V
): RecordBatches {
  const builder = new BatchBuilder('bench', 0)
  for (let i = 0; i < count; i++) {
    const key = Buffer.from(keyOf(i))
    builder.append(key, 0, key.length, serde, value, i, noHeaders, 1 << 20)
  }
  const { buffer, length } = builder.finish({
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    transactional: false,
    compression: 'none'
  })
  return { bytes: buffer, start: 0, end: length, from: 0, next: count }
}

/** Fills a table with that many keys, as a restore does. */
export async function loadTable<V>(
  store: StateStore,
  keys: number,
  serde: Serde<V>,
  value: V
): Promise<void> {
  const cursor = new RecordCursor()
  for (let first = 0; first < keys; first += batchRecords) {
    const count = Math.min(batchRecords, keys - first)
    cursor.open(batchOf(count, (i) => nameOf(first + i), serde, value))
    store.restore(cursor, { offset: first + count, topicId: 'bench' })
    // what native objects hold is let go of between turns of the event loop
    await setImmediate()
  }
}
