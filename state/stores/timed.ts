import { GrowableBytes } from '../../core/bytes.ts'
import { systemClock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import { readInt64 } from '../../core/int64.ts'
import type { Serde } from '../../core/serde.ts'
import { isShortAscii, string } from '../../core/serdes/string.ts'
import { BufferEntry } from '../buffer/entry.ts'
import { TimeIndex } from '../buffer/time-index.ts'
import { CommittedState } from '../committed-state.ts'
import type { Engine } from '../engine.ts'
import { deepFreeze } from '../freeze.ts'
import { RestoredRows } from '../restored-rows.ts'
import type { ChangelogCursor, ChangelogWriter, Checkpoint, StateStore } from '../state-store.ts'
import { WriteBuffer } from '../write-buffer.ts'
import { SegmentExpiry } from './segment-expiry.ts'
import { defaultBufferBytes, freezesByDefault, type StoreOptions } from './store-options.ts'
import { engineKeyOf, type TimedLayout, timedEngineKey, timedKeyAt, timedPosition } from './timed-layout.ts'
import { type TimedEntry, type TimedRange, TimedScans } from './timed-scans.ts'

export interface TimedOptions<K, V> {
  readonly name: string
  readonly key: Serde<K>
  readonly value: Serde<V>
  readonly logged: boolean
  readonly cached: boolean
  readonly retentionMs: number
  /** How far back of stream time entries are read, ms, that moment included. */
  readonly reachMs: number
  readonly layout: TimedLayout
}

/**
 * What window and session stores have in common: values by key and two times, of which the first expires. As in Kafka Streams:
 *
 * - Stream time is the highest time that has left the write buffer: with caching it goes on at flushes.
 * - An entry expires when stream time is past its time by more than `reachMs`: by the retention, as a rule. Reads leave it out; only what is
 *   in the buffer since it was put, in a cached store, is found for as long as it stays there.
 * - An expired entry can still be put: it is logged and forwarded like any other, and has no value before. It reaches the
 *   engine only where its segment is kept, and counts as an expired put where it is not.
 * - Whole segments are dropped by `maintain`, by the stream time committed.
 */
export abstract class TimedStore<K, V> implements StateStore {
  readonly name: string
  readonly persistent: boolean
  protected readonly buffer: WriteBuffer<K, V>
  readonly #log: ChangelogWriter | undefined
  /** The last sequence number given. */
  protected sequence: number
  readonly #options: TimedOptions<K, V>
  readonly #committed: CommittedState
  readonly #engine: Engine
  readonly #index = new TimeIndex<K, V>()
  readonly #scans: TimedScans<K, V>
  readonly #expiry: SegmentExpiry
  readonly #restored: RestoredRows
  /** Keys are mostly their own ids, then. */
  readonly #hasTextKeys: boolean
  /** A read is mostly followed by a write of the same entry. */
  #last: BufferEntry<K, V> | undefined
  readonly #freeze: boolean
  readonly #scratch = new GrowableBytes(256)
  #streamTime: number
  #expiredPuts = 0

  constructor(options: TimedOptions<K, V>, engine: Engine, storeOptions: StoreOptions) {
    const { name, key, value, layout, retentionMs, logged, cached } = options
    this.name = name
    this.persistent = engine.kind !== 'memory'
    this.#log = storeOptions.log
    this.#options = options
    this.#engine = engine
    this.#freeze = storeOptions.freeze ?? freezesByDefault()
    this.#hasTextKeys = (key as unknown) === string()
    this.#expiry = new SegmentExpiry(engine, retentionMs)
    this.#restored = new RestoredRows((changelogKey) => engineKeyOf(layout, changelogKey, this.#expiry))
    const clock = storeOptions.clock ?? systemClock
    this.#committed = new CommittedState(name, engine, logged, clock, this.#expiry.segmentMs)
    this.#streamTime = this.#committed.observedStreamTime
    this.sequence = this.#committed.sequence
    this.buffer = new WriteBuffer<K, V>({
      store: name,
      engine,
      value,
      index: this.#index,
      engineKey: ({ id, time, sub }) => this.#engineKey(id, time, sub),
      changelogKeyAt: timedKeyAt,
      positionOf: (entry) => {
        entry.position ??= timedPosition(layout, entry.id, entry.time, entry.sub)
        return entry.position
      },
      cached,
      isExpired: ({ time }) => this.#isExpired(time),
      onFlush: (entry) => this.#onFlush(entry),
      bufferBytes: storeOptions.bufferBytes ?? defaultBufferBytes,
      uncommitted: storeOptions.uncommitted,
      log: storeOptions.log,
      freeze: this.#freeze
    })
    this.#scans = new TimedScans({
      layout,
      key,
      value,
      engine,
      index: this.#index,
      buffer: this.buffer,
      segments: this.#expiry,
      committedStreamTime: () => this.#committed.observedStreamTime,
      seesExpired: cached
    })
  }

  /** The highest time that has left the write buffer, -1 before the first. */
  get observedStreamTime(): number {
    return this.#streamTime
  }

  /** Puts that came after their segment had been dropped, and left no trace in the engine. */
  get expiredPuts(): number {
    return this.#expiredPuts
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#committed.checkpoint
  }

  get committedAt(): number {
    return this.#committed.writtenAt
  }

  get bufferedBytes(): number {
    return this.buffer.bytes
  }

  get commitWanted(): boolean {
    return this.buffer.commitWanted
  }

  onFull(listener: () => void): void {
    this.buffer.onFull(listener)
  }

  beginCommit(): void {
    this.buffer.beginCommit()
  }

  flush(): boolean {
    return this.buffer.flush()
  }

  expectCommit(): void {
    this.#committed.expectWrite()
  }

  commit(checkpoint: Checkpoint | undefined): void {
    const live = this.#expiry.liveFrom(this.#streamTime)
    const operations = this.buffer.operations().filter(({ key }) => readInt64(key, 1) >= live)
    this.#committed.write(operations, checkpoint, this.#streamTime, this.sequence)
    this.buffer.settle()
    this.#expiry.advance(this.#committed.observedStreamTime)
  }

  abort(): void {
    this.buffer.clear()
    this.#last = undefined
    this.#streamTime = this.#committed.observedStreamTime
    this.sequence = this.#committed.sequence
  }

  detach(): void {
    this.buffer.detach()
  }

  restore(cursor: ChangelogCursor, checkpoint: Checkpoint): number {
    const { layout } = this.#options
    let { observedStreamTime: streamTime, sequence } = this.#committed
    this.#restored.begin()
    let count = 0
    while (cursor.next()) {
      count++
      if (cursor.keyStart < 0) continue
      const keyBytes = cursor.keyEnd - cursor.keyStart - layout.tailBytes
      if (keyBytes < 0)
        throw new StreamsError(
          'STORE_CORRUPT',
          `store ${this.name}: the changelog's key at ${cursor.offset} is too short for ${layout.entry}`
        )
      const time = readInt64(cursor.buffer, cursor.keyStart + keyBytes)
      const segment = this.#expiry.segmentOf(time)
      sequence = Math.max(
        sequence,
        this.sequenceOf(layout.readSub(cursor.buffer, cursor.keyStart + keyBytes + 8))
      )
      if (time > streamTime) streamTime = time
      else if (segment < this.#expiry.liveFrom(streamTime)) continue
      this.#restored.add(cursor)
    }
    this.#committed.write(this.#restored.take(), checkpoint, streamTime, sequence)
    // clean entries may be older than what was restored
    this.abort()
    this.#expiry.advance(streamTime)
    this.#expiry.maintain(0)
    return count
  }

  abstract committed(): StateStore

  get maintenanceDue(): boolean {
    return this.#expiry.due
  }

  maintain(budgetMs: number): boolean {
    return this.#expiry.maintain(budgetMs)
  }

  wipe(): void {
    this.#committed.wipe()
    this.#expiry.reset()
    this.abort()
  }

  async close(): Promise<void> {
    this.abort()
    this.buffer.close()
    await this.#committed.close()
  }

  /** The sequence number that a changelog record's second time stands for; 0 in stores without. */
  protected abstract sequenceOf(sub: number): number

  /** The entry, if it may be seen and there is one. */
  protected find(key: K, time: number, sub: number): BufferEntry<K, V> | undefined {
    const entry = this.#read(key, time, sub)
    return entry === undefined || entry.value === null ? undefined : entry
  }

  protected change(key: K, time: number, sub: number, value: V | null, timestamp: number): void {
    this.checkTime(time)
    this.buffer.put(this.#find(key, time, sub) ?? this.#newEntry(key, time, sub), value, timestamp)
  }

  protected scanKey<T>(key: K, range: TimedRange, make: (entry: TimedEntry<K, V>) => T): IterableIterator<T> {
    return this.#scans.ofKey(key, this.keyText(key), this.#committedRange(range), make)
  }

  protected scanAll<T>(
    range: TimedRange,
    fromKey: K | null,
    toKey: K | null,
    make: (entry: TimedEntry<K, V>) => T
  ): IterableIterator<T> {
    const keys = {
      from: fromKey === null ? '' : this.keyText(fromKey),
      to: toKey === null ? undefined : this.keyText(toKey)
    }
    return this.#scans.ofAll(this.#committedRange(range), keys, make)
  }

  /** The key's bytes as latin1 text: what tells one key from another. */
  keyText(key: K): string {
    if (this.#hasTextKeys && isShortAscii(key as string)) return key as string
    // the scratch may become another one as it is written to
    const end = this.#options.key.encode(key, this.#scratch, timedKeyAt)
    return this.#scratch.buffer.latin1Slice(timedKeyAt, end)
  }

  /** Tells the changelog alone that there is no such entry. */
  protected logAbsence(key: K, time: number, sub: number, timestamp: number): void {
    this.#log?.(this.#engineKey(this.keyText(key), time, sub), timedKeyAt, null, 0, timestamp)
  }

  protected checkTime(time: number): void {
    if (!Number.isSafeInteger(time) || time < 0)
      throw new StreamsError(
        'SERIALIZATION',
        `store ${this.name}: ${time} cannot be the time of ${this.#options.layout.entry}`
      )
  }

  #committedRange(range: TimedRange) {
    const visibleFrom = range.keptSegments
      ? this.#expiry.liveFrom(this.#streamTime) * this.#expiry.segmentMs
      : this.#streamTime - this.#options.reachMs
    return {
      ...range,
      visibleFrom,
      committedFrom: Math.max(range.from, visibleFrom, 0)
    }
  }

  #isExpired(time: number): boolean {
    return time < this.#streamTime - this.#options.reachMs
  }

  #engineKey(id: string, time: number, sub: number): Buffer {
    return timedEngineKey(this.#options.layout, id, this.#expiry.segmentOf(time), time, sub)
  }

  #newEntry(key: K, time: number, sub: number): BufferEntry<K, V> {
    return new BufferEntry<K, V>(this.keyText(key), this.#freeze ? deepFreeze(key) : key, time, sub)
  }

  #find(key: K, time: number, sub: number): BufferEntry<K, V> | undefined {
    if (this.#last?.isAt(key, time, sub)) return this.#last
    const entry = this.#index.get(this.keyText(key), time, sub)
    if (entry !== undefined) this.#last = entry
    return entry
  }

  #read(key: K, time: number, sub: number): BufferEntry<K, V> | undefined {
    const found = this.#find(key, time, sub)
    const expired = this.#isExpired(time)
    if (found !== undefined) {
      if (expired && !(this.#options.cached && found.written)) return undefined
      this.buffer.touch(found)
      return found
    }
    if (expired) return undefined
    const entry = this.#newEntry(key, time, sub)
    this.#last = entry
    // the engine holds nothing later than what was committed
    const isNew = time > this.#committed.observedStreamTime
    this.buffer.adopt(entry, isNew ? undefined : this.#engine.getSync(this.#engineKey(entry.id, time, sub)))
    return entry
  }

  #onFlush({ time, value }: BufferEntry<K, V>): void {
    if (time > this.#streamTime) this.#streamTime = time
    else if (value !== null && this.#expiry.segmentOf(time) < this.#expiry.liveFrom(this.#streamTime))
      this.#expiredPuts++
  }
}
