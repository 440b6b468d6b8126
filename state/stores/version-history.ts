import { readInt64 } from '../../core/int64.ts'
import type { PendingRows } from '../buffer/pending-rows.ts'
import { timestampBytes } from '../stored-value.ts'
import type { PutResult } from '../versioned-store.ts'
import type { SegmentExpiry } from './segment-expiry.ts'
import {
  latestAsPast,
  latestKey,
  type PastVersion,
  pastKey,
  pastVersion,
  readPastVersion
} from './versioned-layout.ts'

/**
 * How versions come to be: the rows of a versioned store, by key bytes. A deletion of the latest version at its own timestamp is
 * forgotten, as in Kafka Streams, where nothing before it says that something changed there.
 */
export class VersionHistory {
  readonly #rows: PendingRows
  readonly #expiry: SegmentExpiry

  constructor(rows: PendingRows, expiry: SegmentExpiry) {
    this.#rows = rows
    this.#expiry = expiry
  }

  /** The row of the latest version; undefined when there is none or it is a deletion. */
  latest(key: Buffer): Buffer | undefined {
    return this.#rows.get(latestKey(key))
  }

  /** The first past version that ends after `time`: the one valid then, or the next after a gap. */
  firstAfter(
    key: Buffer,
    time: number,
    latest: Buffer | undefined,
    streamTime: number
  ): PastVersion | undefined {
    return this.after(key, time, latest, streamTime).next().value
  }

  /** The past versions that end after `time`, in the order of time. */
  *after(
    key: Buffer,
    time: number,
    latest: Buffer | undefined,
    streamTime: number
  ): Generator<PastVersion, undefined, undefined> {
    const { segmentMs } = this.#expiry
    // nothing of the past ends after the latest version has begun
    const last = this.#expiry.segmentOf(latest === undefined ? streamTime : readInt64(latest, 0))
    const first = Math.max(this.#expiry.segmentOf(time + 1), this.#expiry.liveFrom(streamTime))
    for (let segment = first; segment <= last; segment++) {
      const from = pastKey(key, segment, Math.max(time + 1, segment * segmentMs))
      const to = pastKey(key, segment, (segment + 1) * segmentMs)
      for (const row of this.#rows.scan(from, to, from.length)) yield readPastVersion(row.key, row.value)
    }
  }

  /** Puts a version that is not older than the history; `stored` begins with its timestamp, null is a deletion. */
  put(key: Buffer, stored: Buffer | null, timestamp: number, streamTime: number): PutResult {
    const latest = this.latest(key)
    const since = latest === undefined ? undefined : readInt64(latest, 0)
    if (latest !== undefined && since !== undefined && timestamp >= since) {
      if (timestamp > since) this.#putPast(key, timestamp, latestAsPast(latest), streamTime)
      this.#rows.put(latestKey(key), stored)
      return 'latest'
    }
    const next = this.firstAfter(key, timestamp, latest, streamTime)
    const end = next === undefined ? since : next.from > timestamp ? next.from : next.to
    if (end === undefined) {
      if (stored !== null) this.#rows.put(latestKey(key), stored)
      else this.#putDeletion(key, timestamp, streamTime)
      return 'latest'
    }
    // what was valid at that time was so up to now only
    if (next !== undefined && next.from < timestamp)
      this.#putPast(
        key,
        timestamp,
        pastVersion(next.from, next.stored, next.valueAt ?? -1, next.stored.length),
        streamTime
      )
    const past =
      stored === null
        ? pastVersion(timestamp, Buffer.alloc(0), -1, 0)
        : pastVersion(timestamp, stored, timestampBytes, stored.length)
    this.#putPast(key, end, past, streamTime)
    return end
  }

  #putDeletion(key: Buffer, timestamp: number, streamTime: number): void {
    const known = this.#rows.get(pastKey(key, this.#expiry.segmentOf(timestamp), timestamp))
    if (known === undefined)
      this.#putPast(key, timestamp, pastVersion(timestamp, Buffer.alloc(0), -1, 0), streamTime)
  }

  #putPast(key: Buffer, to: number, stored: Buffer, streamTime: number): void {
    const segment = this.#expiry.segmentOf(to)
    if (segment >= this.#expiry.liveFrom(streamTime)) this.#rows.put(pastKey(key, segment, to), stored)
  }
}
