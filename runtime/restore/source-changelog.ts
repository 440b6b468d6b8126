import { GrowableBytes, noBytes } from '../../core/bytes.ts'
import type { RecordCursor } from '../../kafka/batch/record-cursor.ts'
import type { ChangelogCursor } from '../../state/state-store.ts'
import { isOfRecord } from '../task/error-handling.ts'
import { SourceRecord, type SourceSerdes } from './source-record.ts'

/**
 * Walks the records of a source topic as the changelog that a table would have written of them: keys and values in the bytes that the store knows
 * them by, which need not be those in the topic, and without the records that the table did not take.
 *
 * It ends at the position that the task goes on from. All before it was processed, so what cannot be read there was passed over by a handler: it is
 * passed over again, whatever the handlers are now, and no dead letter is written twice.
 */
export class SourceChangelog implements ChangelogCursor {
  buffer: Buffer = noBytes
  keyStart = 0
  keyEnd = -1
  valueStart = -1
  valueEnd = -1
  timestamp = Number.NaN
  offset = Number.NaN
  /** Where it ends. May be moved on when it has ended, with a cursor opened at the former end. */
  end: number
  /** Records passed over because they cannot be read. */
  unreadable = 0
  readonly #cursor: RecordCursor
  readonly #serdes: SourceSerdes
  readonly #record = new SourceRecord()
  readonly #scratch = new GrowableBytes(256)

  /** @param cursor walks the topic; whoever opens it anew goes on with the same changelog */
  constructor(cursor: RecordCursor, serdes: SourceSerdes, end: number) {
    this.#cursor = cursor
    this.#serdes = serdes
    this.end = end
  }

  next(): boolean {
    const cursor = this.#cursor
    while (cursor.next()) {
      if (cursor.offset >= this.end) return false
      // a table drops what has no key
      if (cursor.keyStart < 0) continue
      try {
        if (this.#take()) return true
      } catch (error) {
        if (!isOfRecord(error)) throw error
        this.unreadable++
      }
    }
    return false
  }

  /** False for a record without a key. */
  #take(): boolean {
    const record = this.#record
    const scratch = this.#scratch
    record.read(this.#cursor, this.#serdes)
    const { key, value } = record
    if (key === null || key === undefined) return false
    this.keyEnd = this.#serdes.key.encode(key, scratch, 0)
    this.valueStart = value === null ? -1 : this.keyEnd
    this.valueEnd = value === null ? -1 : this.#serdes.value.encode(value, scratch, this.keyEnd)
    this.buffer = scratch.buffer
    this.timestamp = this.#cursor.timestamp
    this.offset = this.#cursor.offset
    return true
  }
}
