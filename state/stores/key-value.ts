import { GrowableBytes } from '../../core/bytes.ts'
import { systemClock } from '../../core/clock.ts'
import { isShortAscii, string } from '../../core/serdes/string.ts'
import { BufferEntry } from '../buffer/entry.ts'
import { KeyIndex } from '../buffer/key-index.ts'
import type { KeysAhead, Prefetched } from '../buffer/keys-ahead.ts'
import { CommittedState } from '../committed-state.ts'
import type { Engine, EngineEntry } from '../engine.ts'
import { deepFreeze } from '../freeze.ts'
import type { KeyValueEntry, KeyValueStore, TableListener } from '../key-value-store.ts'
import { EngineRows, mergeScan } from '../merge-scan.ts'
import { dataFrom, dataSpace, dataTo } from '../metadata.ts'
import { RestoredRows } from '../restored-rows.ts'
import type { ChangelogCursor, Checkpoint, StateStore, ValueAndTimestamp } from '../state-store.ts'
import type { KeyValueStoreDefinition } from '../store-definition.ts'
import { storedTimestamp } from '../stored-value.ts'
import { WriteBuffer } from '../write-buffer.ts'
import {
  asCommitted,
  defaultBufferBytes,
  freezesByDefault,
  noOptions,
  type StoreOptions
} from './store-options.ts'

/*
 * Layouts:
 *
 *   changelog   key: key bytes          value: value bytes (null: deleted), the record's timestamp is the entry's
 *   engine      key: 0x01 | key bytes   value: int64 timestamp | value bytes
 */
const keyAt = 1

/** A table of the latest values: a write buffer of live objects before an engine that changes at commits only. */
export class BufferedKeyValueStore<K, V> implements StateStore, KeyValueStore<K, V> {
  readonly name: string
  readonly persistent: boolean
  readonly #definition: KeyValueStoreDefinition<K, V>
  readonly #committed: CommittedState
  readonly #engine: Engine
  readonly #index = new KeyIndex<K, V>()
  readonly #buffer: WriteBuffer<K, V>
  readonly #restored = new RestoredRows((id) => engineKey({ id }))
  readonly #freeze: boolean
  /** Keys are mostly their own ids, then. */
  readonly #hasTextKeys: boolean
  readonly #scratch = new GrowableBytes(256)
  /** A read is mostly followed by a write of the same key: that one need not be encoded again. */
  #last: BufferEntry<K, V> | undefined
  #onMiss: ((id: string) => void) | undefined

  constructor(definition: KeyValueStoreDefinition<K, V>, engine: Engine, options: StoreOptions) {
    this.name = definition.name
    this.persistent = engine.kind !== 'memory'
    this.#definition = definition
    this.#hasTextKeys = (definition.key as unknown) === string()
    this.#engine = engine
    this.#committed = new CommittedState(
      definition.name,
      engine,
      definition.logged,
      options.clock ?? systemClock
    )
    this.#freeze = options.freeze ?? freezesByDefault()
    this.#buffer = new WriteBuffer<K, V>({
      store: definition.name,
      engine,
      value: definition.value,
      index: this.#index,
      engineKey,
      changelogKeyAt: keyAt,
      positionOf,
      cached: definition.cached,
      bufferBytes: options.bufferBytes ?? defaultBufferBytes,
      uncommitted: options.uncommitted,
      log: options.log,
      freeze: this.#freeze
    })
  }

  /** Adds a listener. Old values are looked up only when there is one. */
  onChange(listener: TableListener<K, V>): void {
    this.#buffer.onChange((entry, old) => listener(entry.key, entry.value, old, entry.timestamp))
  }

  get(key: K): V | null {
    return this.#read(key).value
  }

  entry(key: K): ValueAndTimestamp<V> | null {
    const { value, timestamp } = this.#read(key)
    return value === null ? null : { value, timestamp }
  }

  put(key: K, value: V | null, timestamp: number): void {
    this.#buffer.put(this.#find(key) ?? this.#newEntry(key), value, timestamp)
  }

  putIfAbsent(key: K, value: V, timestamp: number): V | null {
    const entry = this.#read(key)
    const old = entry.value
    if (old === null) this.#buffer.put(entry, value, timestamp)
    return old
  }

  delete(key: K, timestamp: number): V | null {
    const entry = this.#read(key)
    const old = entry.value
    this.#buffer.put(entry, null, timestamp)
    return old
  }

  /** The key's bytes as latin1 text: what tells one key from another. */
  keyText(key: K): string {
    if (this.#hasTextKeys && isShortAscii(key as string)) return key as string
    // the scratch may become another one as it is written to
    const end = this.#encodeKey(key)
    return this.#scratch.buffer.latin1Slice(keyAt, end)
  }

  /**
   * Reads the key that `keys` stands on and those after it, `limit` at most and no more than there is room for, in one call of the engine
   * where they are not buffered. The reads that follow find what they would have found without.
   */
  prefetch(keys: KeysAhead, limit: number): Prefetched {
    const { room } = this.#buffer
    const entries = new Map<string, BufferEntry<K, V>>()
    let seen = 0
    while (seen < limit && entries.size + 1 < room) {
      if (seen > 0 && !keys.next()) break
      seen++
      const { buffer, keyStart, keyEnd } = keys
      if (keyStart < 0) continue
      const id = buffer.latin1Slice(keyStart, keyEnd)
      const found = this.#index.get(id)
      if (found !== undefined) this.#buffer.touch(found)
      else if (!entries.has(id)) {
        const entry = this.#entryAhead(id, keys)
        if (entry !== undefined) entries.set(id, entry)
      }
    }
    if (entries.size === 0) return { seen, read: 0 }
    const wanted = [...entries.values()]
    const stored = this.#engine.multiGetSync(wanted.map(engineKey))
    for (let i = 0; i < wanted.length; i++) this.#buffer.adopt(wanted[i] as BufferEntry<K, V>, stored[i])
    return { seen, read: wanted.length }
  }

  /** Tells each key, by its bytes as latin1 text, that a read has to ask the engine for. */
  onMiss(listener: (id: string) => void): void {
    this.#onMiss = listener
  }

  range(from: K | null, to: K | null): IterableIterator<KeyValueEntry<K, V>> {
    return this.#scan(from, to, false)
  }

  reverseRange(from: K | null, to: K | null): IterableIterator<KeyValueEntry<K, V>> {
    return this.#scan(from, to, true)
  }

  all(): IterableIterator<KeyValueEntry<K, V>> {
    return this.#scan(null, null, false)
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#committed.checkpoint
  }

  get committedAt(): number {
    return this.#committed.writtenAt
  }

  get bufferedBytes(): number {
    return this.#buffer.bytes
  }

  get commitWanted(): boolean {
    return this.#buffer.commitWanted
  }

  onFull(listener: () => void): void {
    this.#buffer.onFull(listener)
  }

  /** The bound of the write buffer. */
  get maxBufferedBytes(): number {
    return this.#buffer.maxBytes
  }

  beginCommit(): void {
    this.#buffer.beginCommit()
  }

  flush(): boolean {
    return this.#buffer.flush()
  }

  expectCommit(): void {
    this.#committed.expectWrite()
  }

  commit(checkpoint: Checkpoint | undefined): void {
    this.#committed.write(this.#buffer.operations(), checkpoint)
    this.#buffer.settle()
  }

  abort(): void {
    this.#buffer.clear()
    this.#last = undefined
  }

  detach(): void {
    this.#buffer.detach()
    this.#onMiss = undefined
  }

  restore(cursor: ChangelogCursor, checkpoint: Checkpoint): number {
    this.#restored.begin()
    let count = 0
    while (cursor.next()) {
      count++
      if (cursor.keyStart >= 0) this.#restored.add(cursor)
    }
    this.#committed.write(this.#restored.take(), checkpoint)
    // clean entries may be older than what was restored
    this.abort()
    return count
  }

  committed(): BufferedKeyValueStore<K, V> {
    return new BufferedKeyValueStore(asCommitted(this.#definition), this.#engine, noOptions)
  }

  get maintenanceDue(): boolean {
    return false
  }

  maintain(): boolean {
    return false
  }

  wipe(): void {
    this.abort()
    this.#committed.wipe()
  }

  async close(): Promise<void> {
    this.abort()
    this.#buffer.close()
    await this.#committed.close()
  }

  #encodeKey(key: K): number {
    const end = this.#definition.key.encode(key, this.#scratch, keyAt)
    this.#scratch.buffer[0] = dataSpace
    return end
  }

  #find(key: K): BufferEntry<K, V> | undefined {
    if (this.#last?.isAt(key, 0, 0)) return this.#last
    const entry = this.#index.get(this.keyText(key))
    if (entry !== undefined) this.#last = entry
    return entry
  }

  #read(key: K): BufferEntry<K, V> {
    const found = this.#find(key)
    if (found !== undefined) {
      this.#buffer.touch(found)
      return found
    }
    const entry = this.#newEntry(key)
    this.#onMiss?.(entry.id)
    this.#buffer.adopt(entry, this.#engine.getSync(engineKey(entry)))
    this.#last = entry
    return entry
  }

  /** Undefined for bytes that are no key: whoever processes them will say so. */
  #entryAhead(id: string, { buffer, keyStart, keyEnd }: KeysAhead): BufferEntry<K, V> | undefined {
    try {
      const key = this.#definition.key.decode(buffer, keyStart, keyEnd)
      return new BufferEntry<K, V>(id, this.#freeze ? deepFreeze(key) : key, 0, 0)
    } catch {
      return undefined
    }
  }

  #newEntry(key: K): BufferEntry<K, V> {
    return new BufferEntry<K, V>(this.keyText(key), this.#freeze ? deepFreeze(key) : key, 0, 0)
  }

  #scan(
    from: K | null,
    to: K | null,
    reverse: boolean
  ): Generator<KeyValueEntry<K, V>, undefined, undefined> {
    const buffer = this.#buffer
    const range = {
      from: from === null ? dataFrom : this.#keyBytes(from, 0),
      // the byte after makes the bound inclusive
      to: to === null ? dataTo : this.#keyBytes(to, 1),
      reverse
    }
    const first = range.from.latin1Slice(keyAt)
    const end = to === null ? undefined : range.to.latin1Slice(keyAt)
    const rows = new EngineRows(this.#engine, range, rowPosition, () => buffer.generation)
    const after = (position: string | undefined): BufferEntry<K, V> | undefined => {
      const entry = reverse
        ? buffer.sorted().previous(position ?? end)
        : buffer.sorted().next(position ?? first, position !== undefined)
      if (entry === undefined) return undefined
      return (reverse ? entry.id < first : end !== undefined && entry.id >= end) ? undefined : entry
    }
    return mergeScan(rows, { after, positionOf }, reverse, {
      row: (row) => this.#fromRow(row),
      entry: ({ key, value, timestamp }: BufferEntry<K, V>) =>
        value === null ? undefined : { key, value, timestamp }
    })
  }

  #fromRow({ key, value }: EngineEntry): KeyValueEntry<K, V> {
    const clean = this.#index.find(key, keyAt, key.length)
    return {
      key: clean === undefined ? this.#definition.key.decode(key, keyAt, key.length) : clean.key,
      value: clean === undefined || clean.value === null ? this.#buffer.decode(value) : clean.value,
      timestamp: storedTimestamp(value)
    }
  }

  #keyBytes(key: K, more: number): Buffer {
    const end = this.#encodeKey(key)
    const bytes = Buffer.alloc(end + more)
    this.#scratch.buffer.copy(bytes, 0, 0, end)
    return bytes
  }
}

function positionOf(entry: { readonly id: string }): string {
  return entry.id
}

function rowPosition(row: EngineEntry): string {
  return row.key.latin1Slice(keyAt)
}

function engineKey(entry: { readonly id: string }): Buffer {
  const bytes = Buffer.allocUnsafe(keyAt + entry.id.length)
  bytes[0] = dataSpace
  bytes.latin1Write(entry.id, keyAt)
  return bytes
}
