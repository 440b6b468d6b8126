import { readInt64 } from '../../core/int64.ts'
import type { Serde } from '../../core/serde.ts'
import type { BufferEntry } from '../buffer/entry.ts'
import type { WindowIndex } from '../buffer/window-index.ts'
import type { Engine, EngineEntry } from '../engine.ts'
import { EngineRows, MergedRows, mergeScan, type Position } from '../merge-scan.ts'
import { storedTimestamp } from '../stored-value.ts'
import type { WindowEntry } from '../window-store.ts'
import type { WriteBuffer } from '../write-buffer.ts'
import {
  segmentBound,
  windowEngineKey,
  windowKeyAt,
  windowPosition,
  windowTailBytes
} from './window-layout.ts'

/** Window starts from `from` to `to`, both included; the engine has none beyond `committedTo`. */
export interface WindowRange {
  readonly from: number
  readonly to: number
  readonly committedTo: number
}

type Entries<K, V> = Generator<WindowEntry<K, V>, undefined, undefined>

/** The scans of a window store: the segments of its engine in one order, and its buffer over them. */
export class WindowScans<K, V> {
  readonly #key: Serde<K>
  readonly #engine: Engine
  readonly #index: WindowIndex<K, V>
  readonly #buffer: WriteBuffer<K, V>
  readonly #segmentMs: number

  constructor(
    key: Serde<K>,
    engine: Engine,
    index: WindowIndex<K, V>,
    buffer: WriteBuffer<K, V>,
    segmentMs: number
  ) {
    this.#key = key
    this.#engine = engine
    this.#index = index
    this.#buffer = buffer
    this.#segmentMs = segmentMs
  }

  /** Windows of one key, oldest first. */
  ofKey(key: K, id: string, range: WindowRange): Entries<K, V> {
    const keyEnd = windowKeyAt + id.length
    const rows = this.#rows<number>(
      range,
      (segment) => ({
        from: windowEngineKey(id, segment, range.from),
        to: windowEngineKey(id, segment, range.committedTo + 1)
      }),
      // between two windows of a key there can be windows of longer keys that begin with it
      (row) => (row.key.length === keyEnd + windowTailBytes ? readInt64(row.key, keyEnd) : undefined)
    )
    const after = (start: number | undefined) => {
      const entry = this.#index.next(id, start ?? range.from, start !== undefined)
      return entry === undefined || entry.start > range.to ? undefined : entry
    }
    return mergeScan(rows, { after, positionOf: (entry: BufferEntry<K, V>) => entry.start }, false, {
      row: (row, start) => this.#fromRow(row, keyEnd, start, key),
      entry: (entry: BufferEntry<K, V>) => fromEntry(entry)
    })
  }

  /** Windows of all keys, by the bytes of key and start. */
  ofAll(range: WindowRange): Entries<K, V> {
    const rows = this.#rows<string>(
      range,
      (segment) => ({ from: segmentBound(segment), to: segmentBound(segment + 1) }),
      ({ key }) => {
        const start = readInt64(key, key.length - windowTailBytes)
        return start < range.from || start > range.committedTo
          ? undefined
          : key.latin1Slice(windowKeyAt, key.length - 4)
      }
    )
    const after = (position: string | undefined) => {
      let entry = this.#buffer.sorted().next(position ?? '', position !== undefined)
      while (entry !== undefined && (entry.start < range.from || entry.start > range.to))
        entry = this.#buffer.sorted().next(positionOf(entry), true)
      return entry
    }
    return mergeScan(rows, { after, positionOf }, false, {
      row: (row) => {
        const keyEnd = row.key.length - windowTailBytes
        return this.#fromRow(row, keyEnd, readInt64(row.key, keyEnd), undefined)
      },
      entry: (entry: BufferEntry<K, V>) => fromEntry(entry)
    })
  }

  #rows<P extends Position>(
    range: WindowRange,
    boundsOf: (segment: number) => { from: Buffer; to: Buffer },
    position: (row: EngineEntry) => P | undefined
  ): MergedRows<P> {
    const segments: EngineRows<P>[] = []
    const last = Math.floor(range.committedTo / this.#segmentMs)
    for (let segment = Math.floor(range.from / this.#segmentMs); segment <= last; segment++)
      segments.push(
        new EngineRows(
          this.#engine,
          { ...boundsOf(segment), reverse: false },
          position,
          () => this.#buffer.generation
        )
      )
    return new MergedRows(segments)
  }

  #fromRow(row: EngineEntry, keyEnd: number, start: number, key: K | undefined): WindowEntry<K, V> {
    const clean = this.#index.find(row.key, windowKeyAt, keyEnd, start)
    return {
      key: key ?? clean?.key ?? this.#key.decode(row.key, windowKeyAt, keyEnd),
      start,
      value: clean?.value ?? this.#buffer.decode(row.value),
      timestamp: storedTimestamp(row.value)
    }
  }
}

function positionOf(entry: {
  position: string | undefined
  readonly id: string
  readonly start: number
}): string {
  entry.position ??= windowPosition(entry.id, entry.start)
  return entry.position
}

function fromEntry<K, V>({ key, start, value, timestamp }: BufferEntry<K, V>): WindowEntry<K, V> | undefined {
  return value === null ? undefined : { key, start, value, timestamp }
}
