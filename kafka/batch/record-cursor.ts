import type { Headers } from '../../core/record.ts'
import type { RecordBatches } from './record-batches.ts'

/** (interface sketch, to be implemented) Walks the records of fetched batches without making an object for any of them. */
export declare class RecordCursor {
  /** Holds the current record's key and value: the fetched bytes, or a decompressed batch. */
  buffer: Buffer
  /** -1: no key. */
  keyStart: number
  keyEnd: number
  /** -1: no value (a tombstone). */
  valueStart: number
  valueEnd: number
  timestamp: number
  offset: number
  open(batches: RecordBatches): void
  /** Moves to the next record; false at the end. Throws BATCH_CORRUPT. */
  next(): boolean
  /** The current record's headers, decoded now. */
  headers(): Headers
}
