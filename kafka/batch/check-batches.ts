import { StreamsError } from '../../core/errors.ts'
import { readInt64 } from '../../core/int64.ts'
import { partitionName } from '../../core/record.ts'
import {
  attributesAt,
  baseOffsetAt,
  crcAt,
  headerBytes,
  lastOffsetDeltaAt,
  lengthAt,
  lengthOverhead,
  magicAt
} from './batch-header.ts'
import { crc32c } from './crc32c.ts'

export interface CheckedBatches {
  /** End of the last whole batch; the start if there is none. */
  readonly end: number
  /** Offset after the last batch, compaction gaps at its end included; -1 if there is none. */
  readonly nextOffset: number
}

/**
 * Checks `bytes[start, end)` as fetched: magic and CRC32C of each whole batch. A broker cuts at its byte limit, so the last
 * batch may be there in part; it is left for the next fetch. Throws BATCH_CORRUPT.
 */
export function checkBatches(
  bytes: Buffer,
  start: number,
  end: number,
  topic: string,
  partition: number
): CheckedBatches {
  let at = start
  let nextOffset = -1
  while (end - at > magicAt) {
    const baseOffset = readInt64(bytes, at + baseOffsetAt)
    // checked before the length: the field has another meaning in other formats
    const magic = bytes[at + magicAt] as number
    if (magic !== 2) throw corrupt(topic, partition, baseOffset, `has format ${magic}; only 2 is read`)
    const length = bytes.readInt32BE(at + lengthAt)
    if (length < headerBytes - lengthOverhead)
      throw corrupt(topic, partition, baseOffset, `has length ${length}, less than its own head`)
    const batchEnd = at + lengthOverhead + length
    if (batchEnd > end) break
    const expected = bytes.readUInt32BE(at + crcAt)
    const found = crc32c(bytes.subarray(at + attributesAt, batchEnd))
    if (found !== expected)
      throw corrupt(topic, partition, baseOffset, `has CRC32C ${hex(found)}, not ${hex(expected)} as it says`)
    nextOffset = baseOffset + bytes.readInt32BE(at + lastOffsetDeltaAt) + 1
    at = batchEnd
  }
  return { end: at, nextOffset }
}

function corrupt(topic: string, partition: number, offset: number, what: string): StreamsError {
  return new StreamsError(
    'BATCH_CORRUPT',
    `${partitionName(topic, partition)}: the batch at offset ${offset} ${what}`
  )
}

function hex(crc: number): string {
  return `0x${crc.toString(16).padStart(8, '0')}`
}
