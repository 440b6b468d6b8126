/**
 * A buffered key of a store with its live value (null: absent).
 *
 *     read from the engine ──> clean ──put──> dirty ──flush──> flushed ──commit──> clean
 *                                               ^                  │
 *                                               └───────put────────┘
 *
 * dirty: changed since the last flush, neither logged nor forwarded. flushed: logged, `pending` waits for the engine's batch;
 * an entry put again after a flush is both, and a commit then writes what the flush logged. clean: as in the engine, may be evicted.
 */
export class BufferEntry<K, V> {
  /** The key's bytes as latin1 text. */
  readonly id: string
  readonly key: K
  /** What a store with times goes by: a window's start, a session's end; else 0. */
  readonly time: number
  /** What tells entries of one key and time apart: a sequence number, a session's start; else 0. */
  readonly sub: number
  value: V | null = null
  timestamp = 0
  dirty = false
  /** Waits for the next flush; a dirty entry that does not is one that a flush is at work on. */
  queued = false
  /** Put since it is in the buffer, where a merely read entry is not. */
  written = false
  /** The value before the first change since the last flush; while dirty. */
  before: V | null = null
  /** False for a key put unread: what the engine holds is then looked up at the flush. */
  beforeKnown = false
  /** The engine's value, null for a delete; undefined when nothing is flushed. */
  pending: Buffer | null | undefined = undefined
  /** The engine's key of `pending`. */
  pendingKey: Buffer | undefined = undefined
  /** Bytes it counts for. */
  size = 0
  /** False once evicted or forgotten. */
  indexed = false
  /** Its place in the order of scans, made when first needed. */
  position: string | undefined = undefined
  newer: BufferEntry<K, V> | undefined = undefined
  older: BufferEntry<K, V> | undefined = undefined

  constructor(id: string, key: K, time: number, sub: number) {
    // one text instead of two where the key is its own bytes
    this.id = (key as unknown) === id ? (key as string & K) : id
    this.key = key
    this.time = time
    this.sub = sub
  }

  /** Whether it is in the buffer under that key and time; only a primitive is sure to be the key it was. */
  isAt(key: K, time: number, sub: number): boolean {
    return (
      Object.is(this.key, key) &&
      this.time === time &&
      this.sub === sub &&
      this.indexed &&
      typeof key !== 'object'
    )
  }

  get uncommitted(): boolean {
    return this.dirty || this.pending !== undefined
  }
}

/** Where a store finds its buffered entries. */
export interface BufferIndex<K, V> {
  add(entry: BufferEntry<K, V>): void
  remove(entry: BufferEntry<K, V>): void
  clear(): void
}
