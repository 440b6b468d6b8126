import { GrowableBytes } from '../../core/bytes.ts'
import { readInt64, writeInt64 } from '../../core/int64.ts'
import type { Serde } from '../../core/serde.ts'
import { timestampBytes } from '../stored-value.ts'
import { segmentBound, timedKeyAt } from './timed-layout.ts'

/*
 * Layouts of versioned stores:
 *
 *   changelog   key: key bytes     value: value bytes (null: deleted), the record's timestamp is the version's
 *   engine      latest version of a key that is not deleted:
 *               key: 0x01 | int64 2^53 - 1 | key bytes              value: int64 timestamp | value bytes
 *               older versions, deletions among them:
 *               key: 0x01 | int64 segment | key bytes | int64 to    value: int64 from | int8 (0: deleted) | value bytes
 *
 * A version was valid from `from` on and no longer at `to`, by which it belongs to a segment and expires. The rows of a key do not
 * overlap; between them nothing was valid. One with from = to only says that something changed there.
 */
const latestSegment = Number.MAX_SAFE_INTEGER
const flagAt = 8
const valueAt = 9

/** A row of the history. */
export interface PastVersion {
  readonly from: number
  readonly to: number
  /** Where its value begins in `stored`; undefined for a deletion. */
  readonly valueAt: number | undefined
  readonly stored: Buffer
}

const latestPrefix = segmentBound(latestSegment)

/** The engine's key of the latest version; `key` is the key's bytes. */
export function latestKey(key: Buffer): Buffer {
  return Buffer.concat([latestPrefix, key])
}

/** The engine's key of the version that ends at `to`; also where the versions begin that end at `to` or later. */
export function pastKey(key: Buffer, segment: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(timedKeyAt + key.length + 8)
  segmentBound(segment).copy(bytes)
  key.copy(bytes, timedKeyAt)
  writeInt64(bytes, timedKeyAt + key.length, to)
  return bytes
}

/** A row of the history, from value bytes `bytes[start, end)`; a negative start: a deletion. */
export function pastVersion(from: number, bytes: Buffer, start: number, end: number): Buffer {
  const stored = Buffer.allocUnsafe(valueAt + Math.max(0, end - start))
  writeInt64(stored, 0, from)
  stored[flagAt] = start < 0 ? 0 : 1
  if (start >= 0) bytes.copy(stored, valueAt, start, end)
  return stored
}

export function readPastVersion(rowKey: Buffer, stored: Buffer): PastVersion {
  return {
    from: readInt64(stored, 0),
    to: readInt64(rowKey, rowKey.length - 8),
    valueAt: stored[flagAt] === 0 ? undefined : valueAt,
    stored
  }
}

/** The row of a latest version as one of the history. */
export function latestAsPast(latest: Buffer): Buffer {
  return pastVersion(readInt64(latest, 0), latest, timestampBytes, latest.length)
}

const scratch = new GrowableBytes(256)

export function keyBytes<K>(serde: Serde<K>, key: K): Buffer {
  const end = serde.encode(key, scratch, 0)
  return Buffer.from(scratch.buffer.subarray(0, end))
}
