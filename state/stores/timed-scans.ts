import { readInt64 } from '../../core/int64.ts'
import type { Serde } from '../../core/serde.ts'
import type { BufferEntry } from '../buffer/entry.ts'
import type { TimeIndex } from '../buffer/time-index.ts'
import type { Engine, EngineEntry } from '../engine.ts'
import { EngineRows, MergedRows, mergeScan, type RowSource, StoredRows } from '../merge-scan.ts'
import { encodeStored, storedTimestamp } from '../stored-value.ts'
import type { WriteBuffer } from '../write-buffer.ts'
import type { SegmentExpiry } from './segment-expiry.ts'
import {
  segmentBound,
  type TimedLayout,
  timedEngineKey,
  timedKeyAt,
  timedPosition,
  timesOfPosition
} from './timed-layout.ts'

/** What a scan is about; all bounds are included. */
export interface TimedRange {
  readonly from: number
  readonly to: number
  /** The highest second time. */
  readonly latestSub: number
  readonly reverse: boolean
  /** Also what has expired, as far back as segments are kept. Default false. */
  readonly keptSegments?: boolean
}

/** The same, with what is fixed when a scan begins: how far back it sees, and so where the engine's rows begin. */
interface CommittedRange extends TimedRange {
  /** What is older is seen only where it is buffered, see `seesExpired`. */
  readonly visibleFrom: number
  readonly committedFrom: number
}

export interface TimedEntry<K, V> {
  readonly key: K
  readonly time: number
  readonly sub: number
  readonly value: V
  readonly timestamp: number
}

export interface TimedScansOptions<K, V> {
  readonly layout: TimedLayout
  readonly key: Serde<K>
  readonly value: Serde<V>
  readonly engine: Engine
  readonly index: TimeIndex<K, V>
  readonly buffer: WriteBuffer<K, V>
  readonly segments: Pick<SegmentExpiry, 'segmentOf' | 'liveFrom'>
  /** The stream time that was committed last. */
  readonly committedStreamTime: () => number
  /** Whether what was put is seen for as long as it is buffered, however old. */
  readonly seesExpired: boolean
}

type Entries<T> = Generator<T, undefined, undefined>

/** The scans of a store whose keys hold times: the segments of its engine in one order, and its buffer over them. */
export class TimedScans<K, V> {
  readonly #options: TimedScansOptions<K, V>

  constructor(options: TimedScansOptions<K, V>) {
    this.#options = options
  }

  /** Entries of one key, by their times. */
  ofKey<T>(key: K, id: string, range: CommittedRange, make: (entry: TimedEntry<K, V>) => T): Entries<T> {
    const { layout, index } = this.#options
    const keyEnd = timedKeyAt + id.length
    const { reverse, from, to, latestSub } = range
    const rows = this.#rows(
      range,
      (segment) => ({
        from: timedEngineKey(layout, id, segment, range.committedFrom, 0),
        to: timedEngineKey(layout, id, segment, to + 1, 0)
      }),
      (row) =>
        // between two entries of a key there can be entries of longer keys that begin with it
        row.key.length === keyEnd + layout.tailBytes && layout.readSub(row.key, keyEnd + 8) <= latestSub
          ? row.key.latin1Slice(timedKeyAt, row.key.length)
          : undefined
    )
    const after = (position: string | undefined): BufferEntry<K, V> | undefined => {
      const start = position === undefined ? undefined : timesOfPosition(layout, position, id.length)
      let entry = reverse
        ? index.previous(id, start?.time ?? to + 1, start?.sub ?? 0)
        : index.next(id, start?.time ?? from, start?.sub ?? 0, start !== undefined)
      while (entry !== undefined && entry.time >= from && entry.time <= to) {
        if (entry.sub <= latestSub && this.#isVisible(entry, range)) return entry
        entry = reverse
          ? index.previous(id, entry.time, entry.sub)
          : index.next(id, entry.time, entry.sub, true)
      }
      return undefined
    }
    return this.#merge(rows, after, reverse, make, key)
  }

  /** Entries of all keys, or of those with fromKey <= key <= toKey (as latin1 text), by the bytes of keys and times together. */
  ofAll<T>(
    range: CommittedRange,
    keys: { readonly from: string; readonly to: string | undefined },
    make: (entry: TimedEntry<K, V>) => T
  ): Entries<T> {
    const { layout, buffer } = this.#options
    const inKeys = (id: string) => id >= keys.from && (keys.to === undefined || id <= keys.to)
    const inTimes = (time: number, sub: number) =>
      time >= range.from && time <= range.to && sub <= range.latestSub
    const rows = this.#rows(
      range,
      (segment) => ({ from: segmentBound(segment), to: segmentBound(segment + 1) }),
      ({ key }) => {
        const keyEnd = key.length - layout.tailBytes
        const time = readInt64(key, keyEnd)
        if (time < range.committedFrom || !inTimes(time, layout.readSub(key, keyEnd + 8))) return undefined
        const position = key.latin1Slice(timedKeyAt, key.length)
        return inKeys(position.slice(0, keyEnd - timedKeyAt)) ? position : undefined
      }
    )
    const expired = this.#expiredInBuffer(
      (entry) => inKeys(entry.id) && inTimes(entry.time, entry.sub),
      range
    )
    const after = (position: string | undefined): BufferEntry<K, V> | undefined => {
      const next = (at: string | undefined) =>
        range.reverse ? buffer.sorted().previous(at) : buffer.sorted().next(at ?? '', at !== undefined)
      let entry = next(position)
      while (
        entry !== undefined &&
        !(inTimes(entry.time, entry.sub) && inKeys(entry.id) && this.#isVisible(entry, range))
      )
        entry = next(this.#positionOf(entry))
      return entry
    }
    const all = expired === undefined ? rows : new MergedRows([rows, expired], range.reverse)
    return this.#merge(all, after, range.reverse, make, undefined)
  }

  #merge<T>(
    rows: RowSource<string>,
    after: (position: string | undefined) => BufferEntry<K, V> | undefined,
    reverse: boolean,
    make: (entry: TimedEntry<K, V>) => T,
    key: K | undefined
  ): Entries<T> {
    const positionOf = (entry: BufferEntry<K, V>) => this.#positionOf(entry)
    return mergeScan(rows, { after, positionOf }, reverse, {
      row: (row) => make(this.#fromRow(row, key)),
      entry: ({ key: its, time, sub, value, timestamp }: BufferEntry<K, V>) =>
        value === null ? undefined : make({ key: its, time, sub, value, timestamp })
    })
  }

  /** Those of all segments that there are, also of those that a commit in the middle of the scan brings about. */
  #rows(
    range: CommittedRange,
    boundsOf: (segment: number) => { from: Buffer; to: Buffer },
    position: (row: EngineEntry) => string | undefined
  ): MergedRows<string> {
    const { engine, buffer, segments, committedStreamTime } = this.#options
    const { reverse, to } = range
    const sources: EngineRows<string>[] = []
    const generation = () => buffer.generation
    let next = segments.segmentOf(range.committedFrom)
    let known = -1
    return new MergedRows(sources, reverse, () => {
      if (known === buffer.generation) return
      known = buffer.generation
      const streamTime = committedStreamTime()
      const last = segments.segmentOf(Math.min(to, streamTime))
      // however far time has gone on, there are only a few that are kept
      next = Math.max(next, segments.liveFrom(streamTime))
      for (; next <= last; next++)
        sources.push(new EngineRows(engine, { ...boundsOf(next), reverse }, position, generation))
    })
  }

  /** Entries that have expired in the engine but may be seen in the buffer, committed ones included. There are seldom any. */
  #expiredInBuffer(
    inRange: (entry: BufferEntry<K, V>) => boolean,
    range: CommittedRange
  ): StoredRows<string> | undefined {
    const { layout, index, value: serde } = this.#options
    const rows: { position: string; row: EngineEntry }[] = []
    for (const entry of index.all()) {
      const { id, time, sub, value, timestamp } = entry
      if (time >= range.committedFrom || value === null) continue
      if (!this.#isVisible(entry, range) || !inRange(entry)) continue
      rows.push({
        position: this.#positionOf(entry),
        row: {
          key: timedEngineKey(layout, id, 0, time, sub),
          value: encodeStored(serde, value, timestamp)
        }
      })
    }
    return rows.length === 0 ? undefined : new StoredRows(rows, range.reverse)
  }

  #isVisible(entry: BufferEntry<K, V>, range: CommittedRange): boolean {
    return entry.time >= range.visibleFrom || (this.#options.seesExpired && entry.written)
  }

  #positionOf(entry: BufferEntry<K, V>): string {
    entry.position ??= timedPosition(this.#options.layout, entry.id, entry.time, entry.sub)
    return entry.position
  }

  #fromRow({ key, value }: EngineEntry, known: K | undefined): TimedEntry<K, V> {
    const { layout, index, buffer, key: serde } = this.#options
    const keyEnd = key.length - layout.tailBytes
    const time = readInt64(key, keyEnd)
    const sub = layout.readSub(key, keyEnd + 8)
    const clean = index.find(key, timedKeyAt, keyEnd, time, sub)
    return {
      key: known ?? clean?.key ?? serde.decode(key, timedKeyAt, keyEnd),
      time,
      sub,
      value: clean?.value ?? buffer.decode(value),
      timestamp: storedTimestamp(value)
    }
  }
}
