import { decodeUntrusted, type Serde } from '../../core/serde.ts'
import type { RecordCursor } from '../../kafka/batch/record-cursor.ts'

/** How the records of a topic of others are read. */
export interface SourceSerdes {
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
}

/** A record of a topic of others, decoded as a task does it: whoever wrote it may have written anything, so values are checked. */
export class SourceRecord {
  key: unknown
  /** Null: deleted. */
  value: unknown

  /** Reads the record that the cursor stands on, which has a key. Throws DESERIALIZATION, and what serdes of users throw. */
  read(cursor: RecordCursor, { key, value }: SourceSerdes): void {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd } = cursor
    this.key = key.decode(buffer, keyStart, keyEnd)
    this.value = valueStart < 0 ? null : decodeUntrusted(value, buffer, valueStart, valueEnd)
  }
}
