import { noHeaders } from '../../core/record.ts'
import { bytes } from '../../core/serdes/bytes.ts'
import { BatchBuilder } from '../../kafka/batch/batch-builder.ts'
import { RecordCursor } from '../../kafka/batch/record-cursor.ts'
import type { ChangelogWriter } from '../../state/state-store.ts'

export interface ChangelogRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: number
}

/** A cursor over records as they come back from their topic, in one batch. */
export function cursorOver(records: readonly ChangelogRecord[]): RecordCursor {
  const cursor = new RecordCursor()
  if (records.length === 0) return cursor
  const builder = new BatchBuilder('changelog', 0)
  for (const { key, value, timestamp } of records)
    builder.append(key, 0, key?.length ?? 0, bytes(), value, timestamp, noHeaders, 1 << 20)
  const { buffer, length } = builder.finish({
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    transactional: false,
    compression: 'none'
  })
  cursor.open({ bytes: buffer, start: 0, end: length, from: 0, next: records.length })
  return cursor
}

/** A changelog in memory. Records count once committed, as for a reader that reads committed. */
export class Changelog {
  readonly committed: ChangelogRecord[] = []
  readonly open: ChangelogRecord[] = []

  readonly log: ChangelogWriter = (key, keyStart, value, valueStart, timestamp): void => {
    const bytes = value === null ? null : value.subarray(valueStart)
    this.open.push({ key: key.subarray(keyStart), value: bytes, timestamp })
  }

  commit(): { offset: number; topicId: string } {
    this.committed.push(...this.open.splice(0))
    return { offset: this.committed.length, topicId: 'topic-a' }
  }

  abort(): void {
    this.open.length = 0
  }
}
