import { GrowableBytes } from '../../core/bytes.ts'
import { systemClock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import { readInt64 } from '../../core/int64.ts'
import type { RecordCursor } from '../../kafka/batch/record-cursor.ts'
import { BufferEntry } from '../buffer/entry.ts'
import { WindowIndex } from '../buffer/window-index.ts'
import { CommittedState } from '../committed-state.ts'
import type { Engine, WriteOperation } from '../engine.ts'
import { deepFreeze } from '../freeze.ts'
import { dataFrom } from '../metadata.ts'
import type { Checkpoint, StateStore, ValueAndTimestamp } from '../state-store.ts'
import type { WindowStoreDefinition } from '../store-definition.ts'
import { storedFrom } from '../stored-value.ts'
import type { WindowEntry, WindowListener, WindowStore } from '../window-store.ts'
import { WriteBuffer } from '../write-buffer.ts'
import { defaultBufferBytes, freezesByDefault, type StoreOptions } from './store-options.ts'
import {
  segmentBound,
  segmentInterval,
  windowEngineKey,
  windowKeyAt,
  windowPosition,
  windowTailBytes,
  writeWindowKey
} from './window-layout.ts'
import { WindowScans } from './window-scans.ts'

/**
 * Values by key and window. Reads and writes leave out windows that start before stream time (the highest start put, uncommitted
 * ones included) less the retention; whole segments of them are dropped after commits, by the stream time committed.
 *
 * Windows that come and go between two flushes advance stream time but leave no changelog record, so a store rebuilt from its changelog
 * may know a lower one, and show a little more.
 *
 * `fetchAll` and `all` go by the bytes of key and start together. That is by key, then start, unless a key goes on where
 * another ends and does so with bytes no higher than those of a start (which begin with two zeros).
 */
export class BufferedWindowStore<K, V> implements StateStore, WindowStore<K, V> {
  readonly name: string
  readonly persistent: boolean
  readonly #definition: WindowStoreDefinition<K, V>
  readonly #committed: CommittedState
  readonly #engine: Engine
  readonly #index = new WindowIndex<K, V>()
  readonly #buffer: WriteBuffer<K, V>
  readonly #scans: WindowScans<K, V>
  readonly #freeze: boolean
  readonly #segmentMs: number
  readonly #scratch = new GrowableBytes(256)
  #streamTime: number
  /** Segments below are dropped. */
  #firstSegment = 0
  #expiredPuts = 0

  constructor(definition: WindowStoreDefinition<K, V>, engine: Engine, options: StoreOptions) {
    this.name = definition.name
    this.persistent = engine.kind !== 'memory'
    this.#definition = definition
    this.#engine = engine
    this.#segmentMs = segmentInterval(definition.retentionMs)
    this.#freeze = options.freeze ?? freezesByDefault()
    this.#committed = new CommittedState(
      definition.name,
      engine,
      definition.logged,
      options.clock ?? systemClock
    )
    this.#streamTime = this.#committed.observedStreamTime
    this.#buffer = new WriteBuffer<K, V>({
      store: definition.name,
      engine,
      value: definition.value,
      index: this.#index,
      engineKey: (entry) => this.#engineKey(entry),
      changelogKeyAt: windowKeyAt,
      positionOf: (entry) => {
        entry.position ??= windowPosition(entry.id, entry.start)
        return entry.position
      },
      cached: definition.cached,
      bufferBytes: options.bufferBytes ?? defaultBufferBytes,
      log: options.log,
      freeze: this.#freeze
    })
    this.#scans = new WindowScans(definition.key, engine, this.#index, this.#buffer, this.#segmentMs)
  }

  /** Adds a listener. Old values are looked up only when there is one. */
  onChange(listener: WindowListener<K, V>): void {
    this.#buffer.onChange((entry, old) => listener(entry.key, entry.start, entry.value, old, entry.timestamp))
  }

  /** The highest window start put, -1 before the first. */
  get observedStreamTime(): number {
    return this.#streamTime
  }

  /** Puts that came after their window had expired, and were dropped. */
  get expiredPuts(): number {
    return this.#expiredPuts
  }

  get(key: K, start: number): V | null {
    return start < this.#oldest() ? null : this.#read(key, start).value
  }

  entry(key: K, start: number): ValueAndTimestamp<V> | null {
    if (start < this.#oldest()) return null
    const { value, timestamp } = this.#read(key, start)
    return value === null ? null : { value, timestamp }
  }

  put(key: K, value: V | null, start: number, timestamp: number): void {
    if (!Number.isSafeInteger(start) || start < 0)
      throw new StreamsError('SERIALIZATION', `store ${this.name}: ${start} cannot be a window's start`)
    if (start > this.#streamTime) this.#streamTime = start
    else if (start < this.#oldest()) {
      this.#expiredPuts++
      return
    }
    const end = this.#encodeKey(key)
    const found = this.#index.find(this.#scratch.buffer, windowKeyAt, end, start)
    this.#buffer.put(found ?? this.#newEntry(key, end, start), value, timestamp)
  }

  fetch(key: K, fromStart: number, toStart: number): IterableIterator<WindowEntry<K, V>> {
    const end = this.#encodeKey(key)
    const id = this.#scratch.buffer.latin1Slice(windowKeyAt, end)
    return this.#scans.ofKey(key, id, this.#live(fromStart, toStart))
  }

  fetchAll(fromStart: number, toStart: number): IterableIterator<WindowEntry<K, V>> {
    return this.#scans.ofAll(this.#live(fromStart, toStart))
  }

  all(): IterableIterator<WindowEntry<K, V>> {
    return this.fetchAll(0, this.#streamTime)
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#committed.checkpoint
  }

  get bufferedBytes(): number {
    return this.#buffer.bytes
  }

  get commitWanted(): boolean {
    return this.#buffer.commitWanted
  }

  flush(): boolean {
    return this.#buffer.flush()
  }

  commit(checkpoint: Checkpoint | undefined): void {
    this.#committed.write(this.#buffer.operations(), checkpoint, this.#streamTime)
    this.#buffer.settle()
    this.#expire()
  }

  abort(): void {
    this.#buffer.clear()
    this.#streamTime = this.#committed.observedStreamTime
  }

  restore(cursor: RecordCursor, checkpoint: Checkpoint): number {
    const operations: WriteOperation[] = []
    let streamTime = this.#committed.observedStreamTime
    let count = 0
    while (cursor.next()) {
      count++
      if (cursor.keyStart < 0) continue
      const keyBytes = cursor.keyEnd - cursor.keyStart - windowTailBytes
      if (keyBytes < 0)
        throw new StreamsError(
          'STORE_CORRUPT',
          `store ${this.name}: the changelog's key at ${cursor.offset} is too short for a window`
        )
      const start = readInt64(cursor.buffer, cursor.keyStart + keyBytes)
      if (start > streamTime) streamTime = start
      else if (start < streamTime - this.#definition.retentionMs) continue
      const keyEnd = windowKeyAt + keyBytes
      const key = Buffer.allocUnsafe(keyEnd + windowTailBytes)
      cursor.buffer.copy(key, windowKeyAt, cursor.keyStart, cursor.keyStart + keyBytes)
      writeWindowKey(key, keyEnd, this.#segmentOf(start), start)
      const { buffer, valueStart, valueEnd, timestamp } = cursor
      operations.push({
        key,
        value: valueStart < 0 ? null : storedFrom(buffer, valueStart, valueEnd, timestamp)
      })
    }
    this.#committed.write(operations, checkpoint, streamTime)
    // clean entries may be older than what was restored
    this.abort()
    this.#expire()
    return count
  }

  wipe(): void {
    this.#committed.wipe()
    this.#firstSegment = 0
    this.abort()
  }

  async close(): Promise<void> {
    this.abort()
    this.#buffer.close()
    await this.#committed.close()
  }

  /** The lowest window start that has not expired. */
  #oldest(): number {
    return this.#streamTime - this.#definition.retentionMs
  }

  #live(fromStart: number, toStart: number): { from: number; to: number; committedTo: number } {
    return {
      from: Math.max(fromStart, this.#oldest(), 0),
      to: Math.min(toStart, this.#streamTime),
      committedTo: Math.min(toStart, this.#committed.observedStreamTime)
    }
  }

  #segmentOf(start: number): number {
    return Math.floor(start / this.#segmentMs)
  }

  #engineKey(entry: BufferEntry<K, V>): Buffer {
    return windowEngineKey(entry.id, this.#segmentOf(entry.start), entry.start)
  }

  /** Leaves the key's bytes in `scratch[windowKeyAt, end)`. */
  #encodeKey(key: K): number {
    return this.#definition.key.encode(key, this.#scratch, windowKeyAt)
  }

  #newEntry(key: K, end: number, start: number): BufferEntry<K, V> {
    const id = this.#scratch.buffer.latin1Slice(windowKeyAt, end)
    return new BufferEntry<K, V>(id, this.#freeze ? deepFreeze(key) : key, start)
  }

  #read(key: K, start: number): BufferEntry<K, V> {
    const end = this.#encodeKey(key)
    const found = this.#index.find(this.#scratch.buffer, windowKeyAt, end, start)
    if (found !== undefined) {
      this.#buffer.touch(found)
      return found
    }
    const entry = this.#newEntry(key, end, start)
    this.#buffer.adopt(entry, this.#engine.getSync(this.#engineKey(entry)))
    return entry
  }

  /** Drops the segments of which every window has expired. */
  #expire(): void {
    const live = this.#segmentOf(
      Math.max(0, this.#committed.observedStreamTime - this.#definition.retentionMs)
    )
    if (live <= this.#firstSegment) return
    this.#engine.deleteRangeSync(dataFrom, segmentBound(live))
    this.#firstSegment = live
  }
}
