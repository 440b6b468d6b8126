import { writeInt64 } from '../../core/int64.ts'
import { dataSpace } from '../metadata.ts'

/*
 * Layouts:
 *
 *   changelog   key: key bytes | int64 window start | int32 sequence (0)
 *               value: value bytes (null: deleted), the record's timestamp is the entry's
 *   engine      key: 0x01 | int64 segment | key bytes | int64 window start | int32 sequence (0)
 *               value: int64 timestamp | value bytes
 *
 * A segment is a span of window starts; it comes first so that expiry drops a range.
 */
export const windowKeyAt = 9
/** Start and sequence. */
export const windowTailBytes = 12

const minimumSegmentMs = 60_000

/** How long a segment is, as in Kafka Streams: half of the retention, at least a minute. */
export function segmentInterval(retentionMs: number): number {
  return Math.max(Math.floor(retentionMs / 2), minimumSegmentMs)
}

/** Writes what surrounds the key bytes, `bytes[windowKeyAt, keyEnd)`; the buffer has room for the tail. Returns the end. */
export function writeWindowKey(bytes: Buffer, keyEnd: number, segment: number, start: number): number {
  bytes[0] = dataSpace
  writeInt64(bytes, 1, segment)
  writeInt64(bytes, keyEnd, start)
  bytes.fill(0, keyEnd + 8, keyEnd + windowTailBytes)
  return keyEnd + windowTailBytes
}

/** The engine's key of a window whose key is given as latin1 text. */
export function windowEngineKey(id: string, segment: number, start: number): Buffer {
  const bytes = Buffer.allocUnsafe(windowKeyAt + id.length + windowTailBytes)
  bytes.latin1Write(id, windowKeyAt)
  writeWindowKey(bytes, windowKeyAt + id.length, segment, start)
  return bytes
}

/** Where a segment begins among the engine's keys; the next one's is its end. */
export function segmentBound(segment: number): Buffer {
  const bytes = Buffer.allocUnsafe(windowKeyAt)
  bytes[0] = dataSpace
  writeInt64(bytes, 1, segment)
  return bytes
}

const startScratch = Buffer.allocUnsafe(8)

/** A window's place in scans over several keys: the bytes of key and start as latin1 text. */
export function windowPosition(id: string, start: number): string {
  writeInt64(startScratch, 0, start)
  return id + startScratch.latin1Slice()
}
