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
 * batch may be there in part; it is left for the next fetch. Throws BATCH_CORRUPT. A damaged batch that comes after whole ones with
 * records from offset `from` on is left for the next fetch as well, so that what is sound is delivered first.
 */
export function checkBatches(
  bytes: Buffer,
  start: number,
  end: number,
  topic: string,
  partition: number,
  from = Number.POSITIVE_INFINITY
): CheckedBatches {
  let at = start
  let nextOffset = -1
  while (end - at > magicAt) {
    const damage = damageOf(bytes, at, end)
    if (damage !== undefined) {
      if (nextOffset > from) break
      const name = partitionName(topic, partition)
      const baseOffset = readInt64(bytes, at + baseOffsetAt)
      throw new StreamsError('BATCH_CORRUPT', `${name}: the batch at offset ${baseOffset} ${damage}`)
    }
    const batchEnd = at + lengthOverhead + bytes.readInt32BE(at + lengthAt)
    if (batchEnd > end) break
    nextOffset = readInt64(bytes, at + baseOffsetAt) + bytes.readInt32BE(at + lastOffsetDeltaAt) + 1
    at = batchEnd
  }
  return { end: at, nextOffset }
}

/** What is wrong with the batch; undefined for a sound one, and for one that is there in part. */
function damageOf(bytes: Buffer, at: number, end: number): string | undefined {
  // checked before the length: the field has another meaning in other formats
  const magic = bytes[at + magicAt] as number
  if (magic !== 2) return `has format ${magic}; only 2 is read`
  const length = bytes.readInt32BE(at + lengthAt)
  if (length < headerBytes - lengthOverhead) return `has length ${length}, less than its own head`
  const batchEnd = at + lengthOverhead + length
  if (batchEnd > end) return undefined
  const expected = bytes.readUInt32BE(at + crcAt)
  const found = crc32c(bytes.subarray(at + attributesAt, batchEnd))
  return found === expected ? undefined : `has CRC32C ${hex(found)}, not ${hex(expected)} as it says`
}

function hex(crc: number): string {
  return `0x${crc.toString(16).padStart(8, '0')}`
}
