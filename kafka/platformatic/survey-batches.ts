import { readInt64 } from '../../core/int64.ts'
import {
  attributesAt,
  baseOffsetAt,
  controlBit,
  countAt,
  headerBytes,
  lastOffsetDeltaAt,
  leaderEpochAt,
  lengthAt,
  lengthOverhead,
  producerIdAt,
  transactionalBit
} from '../batch/batch-header.ts'
import type { AbortedTransaction } from './fetch-api.ts'

export interface Survey {
  /** Base offsets of batches of aborted transactions. */
  readonly skip: ReadonlySet<number> | undefined
  /** False when there is nothing but markers, aborted batches and records before `from`. */
  readonly wanted: boolean
  readonly batches: number
  /** Leader epoch of the last batch. */
  readonly lastEpoch: number
}

/**
 * Walks the heads of whole, checked batches to tell which must not be delivered under read_committed.
 *
 * The broker names the aborted transactions that overlap the range it returned, by producer id and first offset. A transaction's
 * batches are those of its producer from its first offset up to its ABORT marker; what follows belongs to the producer's next
 * transaction. Each answer carries the list for its own range, so nothing is kept from one to the next: a transaction that began in
 * an earlier answer is in the list again.
 */
export function surveyBatches(
  bytes: Buffer,
  start: number,
  end: number,
  from: number,
  aborted: readonly AbortedTransaction[] | null
): Survey {
  const pending = aborted === null ? [] : [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  const open = new Set<number>()
  let next = 0
  let skip: Set<number> | undefined
  let wanted = false
  let batches = 0
  let lastEpoch = -1
  for (let at = start; at < end; at += lengthOverhead + bytes.readInt32BE(at + lengthAt)) {
    const baseOffset = readInt64(bytes, at + baseOffsetAt)
    const lastOffset = baseOffset + bytes.readInt32BE(at + lastOffsetDeltaAt)
    const attributes = bytes.readInt16BE(at + attributesAt)
    lastEpoch = bytes.readInt32BE(at + leaderEpochAt)
    batches++
    for (; next < pending.length && pending[next]!.firstOffset <= lastOffset; next++)
      open.add(pending[next]!.producerId)
    if ((attributes & controlBit) !== 0) {
      if (open.size > 0 && isAbortMarker(bytes, at)) open.delete(readInt64(bytes, at + producerIdAt))
    } else if (
      open.size > 0 &&
      (attributes & transactionalBit) !== 0 &&
      open.has(readInt64(bytes, at + producerIdAt))
    ) {
      skip ??= new Set()
      skip.add(baseOffset)
    } else if (lastOffset >= from) wanted = true
  }
  return { skip, wanted, batches, lastEpoch }
}

/*
 * A control batch holds one record, whose key is: int16 version | int16 type (0 ABORT, 1 COMMIT). Before the key come the record's
 * length (varint), attributes (int8), two zero deltas and the key's length, each in one byte.
 */
function isAbortMarker(bytes: Buffer, batchAt: number): boolean {
  // compaction may leave the batch without its record
  if (bytes.readInt32BE(batchAt + countAt) === 0) return false
  let at = batchAt + headerBytes
  while ((bytes[at++] as number) > 127);
  at += 1
  for (let varints = 3; varints > 0; varints--) while ((bytes[at++] as number) > 127);
  return bytes.readInt16BE(at + 2) === 0
}
