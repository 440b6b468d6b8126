import { systemClock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import { readInt64 } from '../../core/int64.ts'
import { CallbackLimit, type UncommittedBudget } from '../buffer/callback-limit.ts'
import { PendingRows } from '../buffer/pending-rows.ts'
import { CommittedState } from '../committed-state.ts'
import type { Engine } from '../engine.ts'
import { deepFreeze } from '../freeze.ts'
import type { ChangelogCursor, ChangelogWriter, Checkpoint, StateStore } from '../state-store.ts'
import type { VersionedStoreDefinition } from '../store-definition.ts'
import { encodeStored, storedFrom, timestampBytes } from '../stored-value.ts'
import type { PutResult, VersionedStore, VersionedValue } from '../versioned-store.ts'
import { SegmentExpiry } from './segment-expiry.ts'
import {
  asCommitted,
  defaultBufferBytes,
  freezesByDefault,
  noOptions,
  type StoreOptions
} from './store-options.ts'
import { VersionHistory } from './version-history.ts'
import { keyBytes } from './versioned-layout.ts'

/**
 * The versions of each key over time. Each put is logged at once; what changes in the engine waits for the commit as rows of bytes.
 * Stream time is the highest timestamp put.
 */
export class EngineVersionedStore<K, V> implements StateStore, VersionedStore<K, V> {
  readonly name: string
  readonly persistent: boolean
  readonly #definition: VersionedStoreDefinition<K, V>
  readonly #committed: CommittedState
  readonly #rows: PendingRows
  readonly #expiry: SegmentExpiry
  readonly #history: VersionHistory
  readonly #log: ChangelogWriter | undefined
  readonly #bufferBytes: number
  readonly #limit: CallbackLimit
  readonly #uncommitted: UncommittedBudget | undefined
  #onFull: (() => void) | undefined
  readonly #freeze: boolean
  #streamTime: number
  #expiredPuts = 0
  #closed = false
  /** From the beginning of a commit to its end. */
  #committing = false

  constructor(definition: VersionedStoreDefinition<K, V>, engine: Engine, options: StoreOptions) {
    const { name, logged, historyRetentionMs } = definition
    this.name = name
    this.persistent = engine.kind !== 'memory'
    this.#definition = definition
    this.#expiry = new SegmentExpiry(engine, historyRetentionMs)
    const clock = options.clock ?? systemClock
    this.#committed = new CommittedState(name, engine, logged, clock, this.#expiry.segmentMs)
    this.#streamTime = this.#committed.observedStreamTime
    this.#rows = new PendingRows(engine)
    this.#history = new VersionHistory(this.#rows, this.#expiry)
    this.#log = options.log
    this.#bufferBytes = options.bufferBytes ?? defaultBufferBytes
    this.#uncommitted = options.uncommitted
    this.#limit = new CallbackLimit(name, this.#bufferBytes, options.uncommitted)
    options.uncommitted?.add(this)
    this.#freeze = options.freeze ?? freezesByDefault()
  }

  /** The highest timestamp put, -1 before the first. */
  get observedStreamTime(): number {
    return this.#streamTime
  }

  /** Puts that were older than the history, and left no trace. */
  get expiredPuts(): number {
    return this.#expiredPuts
  }

  get(key: K): VersionedValue<V> | null {
    const latest = this.#history.latest(keyBytes(this.#definition.key, key))
    return latest === undefined ? null : this.#latestValue(latest)
  }

  getAsOf(key: K, asOf: number): VersionedValue<V> | null {
    const bytes = keyBytes(this.#definition.key, key)
    const latest = this.#history.latest(bytes)
    if (latest !== undefined && readInt64(latest, 0) <= asOf) return this.#latestValue(latest)
    if (asOf < this.#oldest()) return null
    const past = this.#history.firstAfter(bytes, asOf, latest, this.#streamTime)
    if (past === undefined || past.from > asOf || past.valueAt === undefined) return null
    return {
      value: this.#decode(past.stored, past.valueAt),
      timestamp: past.from,
      validTo: past.to
    }
  }

  getRange(key: K, from: number, to: number, order: 'ascending' | 'descending'): VersionedValue<V>[] {
    const bytes = keyBytes(this.#definition.key, key)
    const latest = this.#history.latest(bytes)
    const found: VersionedValue<V>[] = []
    const earliest = Math.max(from, this.#oldest(), 0)
    for (const past of this.#history.after(bytes, earliest, latest, this.#streamTime)) {
      if (past.from > to) break
      if (past.valueAt === undefined) continue
      const value = this.#decode(past.stored, past.valueAt)
      found.push({ value, timestamp: past.from, validTo: past.to })
    }
    if (latest !== undefined && readInt64(latest, 0) <= to) found.push(this.#latestValue(latest))
    return order === 'ascending' ? found : found.reverse()
  }

  put(key: K, value: V | null, timestamp: number): PutResult {
    if (this.#closed) throw new StreamsError('STORE_CLOSED', `store ${this.name} is closed`)
    if (!Number.isSafeInteger(timestamp) || timestamp < 0)
      throw new StreamsError(
        'SERIALIZATION',
        `store ${this.name}: ${timestamp} cannot be a version's timestamp`
      )
    const bytes = keyBytes(this.#definition.key, key)
    const stored = value === null ? null : encodeStored(this.#definition.value, value, timestamp)
    const result = this.#apply(bytes, stored, timestamp)
    // a dropped version is logged as well, as in Kafka Streams: a restore drops it again
    this.#log?.(bytes, 0, stored, timestampBytes, timestamp)
    if (result === 'dropped') this.#expiredPuts++
    if (this.commitWanted) {
      this.#onFull?.()
      if (!this.#committing) this.#limit.check(this.#rows.bytes)
    }
    return result
  }

  delete(key: K, timestamp: number): VersionedValue<V> | null {
    const old = timestamp < this.#oldest() ? null : this.getAsOf(key, timestamp)
    this.put(key, null, timestamp)
    return old
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#committed.checkpoint
  }

  get committedAt(): number {
    return this.#committed.writtenAt
  }

  get bufferedBytes(): number {
    return this.#rows.bytes
  }

  get uncommittedBytes(): number {
    return this.#rows.bytes
  }

  get commitWanted(): boolean {
    return this.#rows.bytes > 0 && this.#rows.bytes >= this.#bufferBytes
  }

  onFull(listener: () => void): void {
    this.#onFull = listener
  }

  beginCommit(): void {
    this.#committing = true
  }

  /** Everything is logged when it is put. */
  flush(): boolean {
    return false
  }

  expectCommit(): void {
    this.#committed.expectWrite()
  }

  commit(checkpoint: Checkpoint | undefined): void {
    this.#committed.write(this.#rows.operations(), checkpoint, this.#streamTime)
    this.#rows.clear()
    this.#limit.reset()
    this.#committing = false
    this.#expiry.advance(this.#streamTime)
  }

  abort(): void {
    this.#rows.clear()
    this.#limit.reset()
    this.#committing = false
    this.#streamTime = this.#committed.observedStreamTime
  }

  /** Nobody is told of its changes. */
  detach(): void {
    this.#onFull = undefined
  }

  restore(cursor: ChangelogCursor, checkpoint: Checkpoint): number {
    this.abort()
    let count = 0
    while (cursor.next()) {
      count++
      if (cursor.keyStart < 0) continue
      const { buffer, keyStart, keyEnd, valueStart, valueEnd, timestamp } = cursor
      const key = Buffer.from(buffer.subarray(keyStart, keyEnd))
      const stored = valueStart < 0 ? null : storedFrom(buffer, valueStart, valueEnd, timestamp)
      this.#apply(key, stored, timestamp)
    }
    this.commit(checkpoint)
    this.#expiry.maintain(0)
    return count
  }

  committed(): EngineVersionedStore<K, V> {
    return new EngineVersionedStore(asCommitted(this.#definition), this.#committed.engine, noOptions)
  }

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
    this.#closed = true
    this.#uncommitted?.remove(this)
    await this.#committed.close()
  }

  #oldest(): number {
    return this.#streamTime - this.#definition.historyRetentionMs
  }

  #apply(key: Buffer, stored: Buffer | null, timestamp: number): PutResult {
    if (timestamp < this.#oldest()) return 'dropped'
    if (timestamp > this.#streamTime) this.#streamTime = timestamp
    return this.#history.put(key, stored, timestamp, this.#streamTime)
  }

  #latestValue(latest: Buffer): VersionedValue<V> {
    return {
      value: this.#decode(latest, timestampBytes),
      timestamp: readInt64(latest, 0),
      validTo: undefined
    }
  }

  #decode(stored: Buffer, start: number): V {
    const value = this.#definition.value.decode(stored, start, stored.length)
    return this.#freeze ? deepFreeze(value) : value
  }
}
