import { readInt64, writeInt64 } from '../../core/int64.ts'
import { dataSpace } from '../metadata.ts'

/*
 * Layouts of stores whose keys hold times:
 *
 *   changelog   key, window:  key bytes | int64 window start | int32 sequence (0 unless duplicates are kept)
 *               key, session: key bytes | int64 session end | int64 session start
 *               value: value bytes (null: deleted), the record's timestamp is the entry's
 *   engine      key: 0x01 | int64 segment | the changelog's key
 *               value: int64 timestamp | value bytes
 *
 * A segment is a span of the first of the two times, by which entries expire; it comes first so that expiry drops a range.
 */
export const timedKeyAt = 9

/** What follows the key bytes: the time by which an entry expires, then what tells entries of one key and time apart. */
export interface TimedLayout {
  /** What the entries are called in messages. */
  readonly entry: string
  readonly tailBytes: number
  readSub(bytes: Buffer, at: number): number
  writeSub(bytes: Buffer, at: number, sub: number): void
}

export const windowLayout: TimedLayout = {
  entry: 'a window',
  tailBytes: 12,
  readSub: (bytes, at) => bytes.readInt32BE(at),
  writeSub(bytes, at, sub) {
    bytes.writeInt32BE(sub, at)
  }
}

export const sessionLayout: TimedLayout = {
  entry: 'a session',
  tailBytes: 16,
  readSub: readInt64,
  writeSub: writeInt64
}

const minimumSegmentMs = 60_000

/** How long a segment is, as in Kafka Streams: half of the retention, at least a minute. */
export function segmentInterval(retentionMs: number): number {
  return Math.max(Math.floor(retentionMs / 2), minimumSegmentMs)
}

/** The engine's key of an entry whose key is given as latin1 text. */
export function timedEngineKey(
  layout: TimedLayout,
  id: string,
  segment: number,
  time: number,
  sub: number
): Buffer {
  const keyEnd = timedKeyAt + id.length
  const bytes = Buffer.allocUnsafe(keyEnd + layout.tailBytes)
  bytes[0] = dataSpace
  writeInt64(bytes, 1, segment)
  bytes.latin1Write(id, timedKeyAt)
  writeInt64(bytes, keyEnd, time)
  layout.writeSub(bytes, keyEnd + 8, sub)
  return bytes
}

/** The engine's key for one of the changelog, which is given as latin1 text. */
export function engineKeyOf(
  layout: TimedLayout,
  changelogKey: string,
  segments: { segmentOf(time: number): number }
): Buffer {
  const bytes = Buffer.allocUnsafe(timedKeyAt + changelogKey.length)
  bytes[0] = dataSpace
  bytes.latin1Write(changelogKey, timedKeyAt)
  writeInt64(bytes, 1, segments.segmentOf(readInt64(bytes, bytes.length - layout.tailBytes)))
  return bytes
}

/** Where a segment begins among the engine's keys; the next one's is its end. */
export function segmentBound(segment: number): Buffer {
  const bytes = Buffer.allocUnsafe(timedKeyAt)
  bytes[0] = dataSpace
  writeInt64(bytes, 1, segment)
  return bytes
}

const tailScratch = Buffer.allocUnsafe(16)

/** An entry's place in scans: the bytes of its changelog key as latin1 text. */
export function timedPosition(layout: TimedLayout, id: string, time: number, sub: number): string {
  writeInt64(tailScratch, 0, time)
  layout.writeSub(tailScratch, 8, sub)
  return id + tailScratch.latin1Slice(0, layout.tailBytes)
}

/** The two times of a position whose key takes `keyBytes`. */
export function timesOfPosition(
  layout: TimedLayout,
  position: string,
  keyBytes: number
): { time: number; sub: number } {
  for (let i = 0; i < layout.tailBytes; i++) tailScratch[i] = position.charCodeAt(keyBytes + i)
  return { time: readInt64(tailScratch, 0), sub: layout.readSub(tailScratch, 8) }
}
