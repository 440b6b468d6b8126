/**
 * A run of whole Kafka record batches (magic v2) as fetched: `bytes[start, end)`. Records below `from` are not wanted (a fetch
 * starts at a batch boundary). `next` is the position after them, markers and compaction gaps included.
 *
 * `skip`, if there, holds base offsets of batches to pass over: aborted transactions.
 */
export interface RecordBatches {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  readonly from: number
  readonly next: number
  readonly skip?: ReadonlySet<number>
}
