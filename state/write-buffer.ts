import { StreamsError } from '../core/errors.ts'
import { CallbackLimit } from './buffer/callback-limit.ts'
import type { BufferEntry } from './buffer/entry.ts'
import { EntryList } from './buffer/entry-list.ts'
import type { WriteBufferOptions } from './buffer/options.ts'
import type { WriteOperation } from './engine.ts'
import { deepFreeze } from './freeze.ts'
import { SortedList } from './sorted-list.ts'
import { decodeStored, encodeStored, storedTimestamp, timestampBytes } from './stored-value.ts'

/** What an entry costs beside its bytes: the objects around it. Keeps a buffer of tiny or absent values within bounds, too. */
const overheadBytes = 128
/** The size of a value until the store has serialised its first. */
const firstGuessBytes = 256
/** Old values are looked up that many at a time: one native call for each would dominate. */
const lookupChunk = 512

/**
 * The uncommitted entries of a store, and as many clean ones as the bound allows, as live objects. Finding entries is the
 * store's business, through its index; their life is this class's (see BufferEntry).
 */
export class WriteBuffer<K, V> {
  readonly #options: WriteBufferOptions<K, V>
  /** From the one used longest ago to the one used last. */
  readonly #clean = new EntryList<K, V>()
  /** Those that wait for the next flush, in the order of their last puts. */
  readonly #dirty = new EntryList<K, V>()
  /** Those that a flush is at work on. */
  #flushing: BufferEntry<K, V>[] = []
  /** Those with something pending. */
  #flushed: BufferEntry<K, V>[] = []
  /** The uncommitted entries in the order of scans, from the first scan after a commit on. */
  #sorted: SortedList<BufferEntry<K, V>> | undefined
  #listener: ((entry: BufferEntry<K, V>, old: V | null) => void) | undefined
  #onFull: (() => void) | undefined
  #bytes = 0
  #uncommittedBytes = 0
  /** Serialised values seen so far, for their mean size. */
  #seen = 0
  #seenBytes = 0
  /** Counts commits, aborts and restores: what a scan has read ahead is stale when it changes. */
  generation = 0
  #closed = false
  /** From the beginning of a commit to its end. */
  #committing = false
  readonly #limit: CallbackLimit

  constructor(options: WriteBufferOptions<K, V>) {
    this.#options = options
    this.#limit = new CallbackLimit(options.store, options.bufferBytes, options.uncommitted)
    options.uncommitted?.add(this)
  }

  /** Called for each change that leaves the buffer, after it was logged. */
  onChange(listener: (entry: BufferEntry<K, V>, old: V | null) => void): void {
    const earlier = this.#listener
    this.#listener =
      earlier === undefined
        ? listener
        : (entry, old) => {
            earlier(entry, old)
            listener(entry, old)
          }
  }

  /** Nobody is called any more. */
  detach(): void {
    this.#listener = undefined
    this.#onFull = undefined
  }

  /** See `StateStore`. */
  onFull(listener: () => void): void {
    this.#onFull = listener
  }

  get bytes(): number {
    return this.#bytes
  }

  get uncommittedBytes(): number {
    return this.#uncommittedBytes
  }

  /** The bound: of all that is buffered, and of what is uncommitted before a commit is wanted. */
  get maxBytes(): number {
    return this.#options.bufferBytes
  }

  get commitWanted(): boolean {
    return this.#uncommittedBytes > 0 && this.#uncommittedBytes >= this.#options.bufferBytes
  }

  /** How many more entries of the mean size fit in beside the uncommitted ones. */
  get room(): number {
    return (
      Math.max(0, this.#options.bufferBytes - this.#uncommittedBytes) / (overheadBytes + this.#meanBytes())
    )
  }

  /** To be called when an entry was read. */
  touch(entry: BufferEntry<K, V>): void {
    if (!entry.uncommitted) this.#clean.touch(entry)
  }

  /** Takes a new entry with what the engine holds for it; undefined: known to be absent. */
  adopt(entry: BufferEntry<K, V>, stored: Buffer | undefined): void {
    if (stored !== undefined) {
      entry.value = this.decode(stored)
      entry.timestamp = storedTimestamp(stored)
    }
    entry.size = overheadBytes + entry.id.length + (stored?.length ?? 0)
    this.#add(entry)
    this.#clean.add(entry)
    this.#evict()
  }

  decode(stored: Buffer): V {
    const value = decodeStored(this.#options.value, stored)
    return this.#options.freeze ? deepFreeze(value) : value
  }

  /** Changes an entry: one of the buffer's, or a new one put unread. Throws BUFFER_OVERFLOW. */
  put(entry: BufferEntry<K, V>, value: V | null, timestamp: number): void {
    const { cached, freeze, store } = this.#options
    if (this.#closed) throw new StreamsError('STORE_CLOSED', `store ${store} is closed`)
    if (freeze) deepFreeze(value)
    // before anything changes: a value that cannot be written must leave the entry as it was
    const stored = cached ? undefined : this.#serialise(value, timestamp)
    if (!entry.dirty) this.#becomeDirty(entry)
    else if (entry.queued) this.#dirty.touch(entry)
    entry.written = true
    entry.value = value
    entry.timestamp = timestamp
    if (stored !== undefined) this.#flushNow(entry, stored)
    if (this.commitWanted) this.#full()
  }

  /** To be called before the first flush of a commit: puts are not bounded until `settle` or `clear`. */
  beginCommit(): void {
    this.#committing = true
  }

  /** Logs and forwards the dirty entries; false when there were none. */
  flush(): boolean {
    if (this.#dirty.oldest === undefined) return false
    // what forwarding makes dirty is left to the next flush, unless its turn is still to come in this one
    this.#flushing = this.#dirty.toArray()
    this.#dirty.clear()
    for (const entry of this.#flushing) entry.queued = false
    this.#lookUpBefore(this.#flushing)
    for (const entry of this.#flushing) this.#flushEntry(entry, undefined)
    this.#flushing = []
    return true
  }

  /** What the engine's next batch must hold. */
  operations(): WriteOperation[] {
    return this.#flushed.map((entry) => ({
      key: entry.pendingKey as Buffer,
      value: entry.pending as Buffer | null
    }))
  }

  /** To be called when the batch is written: what was flushed is clean now. */
  settle(): void {
    for (const entry of this.#flushed) {
      entry.pending = undefined
      entry.pendingKey = undefined
      if (entry.dirty) continue
      this.#uncommittedBytes -= entry.size
      this.#clean.add(entry)
    }
    this.#flushed = []
    this.#sorted = undefined
    this.#committing = false
    this.#limit.reset()
    this.generation++
    this.#evict()
  }

  /** Forgets all entries, clean ones too. */
  clear(): void {
    this.#options.index.clear()
    this.#clean.clear()
    this.#dirty.clear()
    this.#flushing = []
    this.#flushed = []
    this.#sorted = undefined
    this.#bytes = 0
    this.#uncommittedBytes = 0
    this.#committing = false
    this.#limit.reset()
    this.generation++
  }

  close(): void {
    this.clear()
    this.#closed = true
    this.#options.uncommitted?.remove(this)
  }

  /** The uncommitted entries in the order of scans. */
  sorted(): SortedList<BufferEntry<K, V>> {
    if (this.#sorted === undefined) {
      const entries = new Set([...this.#flushed, ...this.#flushing, ...this.#dirty.toArray()])
      this.#sorted = new SortedList(
        this.#options.positionOf,
        [...entries].filter((entry) => entry.uncommitted)
      )
    }
    return this.#sorted
  }

  #add(entry: BufferEntry<K, V>): void {
    entry.indexed = true
    this.#options.index.add(entry)
    this.#bytes += entry.size
  }

  #becomeDirty(entry: BufferEntry<K, V>): void {
    if (!entry.indexed) {
      // put unread, or read and evicted since
      if (entry.size > 0) entry.beforeKnown = true
      this.#add(entry)
    } else {
      entry.beforeKnown = true
      if (entry.pending === undefined) this.#clean.remove(entry)
    }
    // the value is to come; until it is serialised the store's mean has to do
    if (entry.value === null) this.#resize(entry, this.#meanBytes())
    entry.before = entry.value
    entry.dirty = true
    entry.queued = true
    this.#dirty.add(entry)
    if (entry.pending === undefined) {
      this.#uncommittedBytes += entry.size
      this.#sorted?.add(entry)
    }
  }

  #flushNow(entry: BufferEntry<K, V>, stored: Buffer | null): void {
    this.#dirty.remove(entry)
    entry.queued = false
    if (!entry.beforeKnown) this.#lookUpBefore([entry])
    this.#flushEntry(entry, stored)
  }

  /** Fills in what the engine holds for the keys that were put unread, where somebody wants to know. */
  #lookUpBefore(entries: readonly BufferEntry<K, V>[]): void {
    if (this.#listener === undefined) return
    const wanted = entries.filter((entry) => !entry.beforeKnown)
    for (let i = 0; i < wanted.length; i += lookupChunk) {
      const chunk = wanted.slice(i, i + lookupChunk)
      const found = this.#options.engine.multiGetSync(chunk.map(this.#options.engineKey))
      for (let j = 0; j < chunk.length; j++) {
        const stored = found[j]
        const entry = chunk[j] as BufferEntry<K, V>
        entry.before = stored === undefined ? null : this.decode(stored)
        entry.beforeKnown = true
      }
    }
  }

  #flushEntry(entry: BufferEntry<K, V>, serialised: Buffer | null | undefined): void {
    const { cached, engineKey, changelogKeyAt, log } = this.#options
    const old = this.#options.isExpired?.(entry) === true ? null : entry.before
    // as in Kafka Streams' cache: where changes are forwarded, what came and went between two flushes was never there
    if (cached && this.#listener !== undefined && entry.value === null && old === null) {
      entry.dirty = false
      if (entry.pending === undefined) this.#becomeClean(entry)
      return
    }
    const stored = serialised === undefined ? this.#serialise(entry.value, entry.timestamp) : serialised
    const key = entry.pendingKey ?? engineKey(entry)
    this.#resize(entry, stored?.length ?? 0)
    if (entry.pending === undefined) this.#flushed.push(entry)
    entry.dirty = false
    entry.before = null
    entry.pending = stored
    entry.pendingKey = key
    this.#options.onFlush?.(entry)
    log?.(key, changelogKeyAt, stored, timestampBytes, entry.timestamp)
    this.#listener?.(entry, old)
  }

  #becomeClean(entry: BufferEntry<K, V>): void {
    this.#sorted?.delete(this.#options.positionOf(entry))
    this.#uncommittedBytes -= entry.size
    this.#resize(entry, 0)
    this.#clean.add(entry)
  }

  #serialise(value: V | null, timestamp: number): Buffer | null {
    if (value === null) return null
    const stored = encodeStored(this.#options.value, value, timestamp)
    this.#seen++
    this.#seenBytes += stored.length
    return stored
  }

  #resize(entry: BufferEntry<K, V>, storedBytes: number): void {
    const size = overheadBytes + entry.id.length + storedBytes
    this.#bytes += size - entry.size
    if (entry.uncommitted) this.#uncommittedBytes += size - entry.size
    entry.size = size
  }

  #meanBytes(): number {
    return this.#seen === 0 ? firstGuessBytes : Math.ceil(this.#seenBytes / this.#seen)
  }

  #evict(): void {
    while (this.#bytes > this.#options.bufferBytes) {
      const entry = this.#clean.oldest
      if (entry === undefined) return
      this.#clean.remove(entry)
      this.#options.index.remove(entry)
      entry.indexed = false
      entry.written = false
      this.#bytes -= entry.size
    }
  }

  #full(): void {
    this.#onFull?.()
    if (!this.#committing) this.#limit.check(this.#uncommittedBytes)
  }
}
