/** A write within an atomic batch; null deletes. */
export interface WriteOperation {
  readonly key: Buffer
  readonly value: Buffer | null
}

export interface EngineEntry {
  readonly key: Buffer
  readonly value: Buffer
}

export type EngineKind = 'memory' | 'rocksdb' | 'level'

/** What an engine tells of itself, for metrics; undefined where it does not know. */
export interface EngineProperties {
  /** Size of its files of sorted entries. */
  readonly tableBytes: number | undefined
  /** Writes held in memory. */
  readonly memtableBytes: number | undefined
  readonly blockCacheBytes: number | undefined
  /** Filters and indexes of its files, outside the block cache. */
  readonly tableReaderBytes: number | undefined
  /** Whether writes wait for compactions. */
  readonly stalled: boolean | undefined
  readonly runningCompactions: number | undefined
}

/**
 * An ordered map from bytes to bytes (unsigned, lexicographic). Synchronous: a state read must not make the record path
 * wait for a promise. After a crash it opens at the boundary of some earlier batch, never in the middle of one.
 *
 * It copies what it is given, so callers may reuse their buffers; what it returns must not be written to.
 */
export interface Engine {
  readonly kind: EngineKind
  /** Whether `deleteRangeSync` takes no longer for many entries than for few. */
  readonly dropsRanges: boolean
  getSync(key: Buffer): Buffer | undefined
  /** Answers in the order of `keys`. One native call, cheaper per key than `getSync`. */
  multiGetSync(keys: readonly Buffer[]): (Buffer | undefined)[]
  /** All of it or nothing. A later operation on a key wins over an earlier one. */
  writeBatchSync(operations: readonly WriteOperation[]): void
  /** Up to `limit` entries with from <= key < to (`to` undefined: no end), from the far end when `reverse`. */
  scanSync(from: Buffer, to: Buffer | undefined, reverse: boolean, limit: number): EngineEntry[]
  /** Deletes from <= key < to. Not atomic: after a crash some of them may still be there. */
  deleteRangeSync(from: Buffer, to: Buffer): void
  properties(): EngineProperties
  /** Flushes to disk and lets go of the lock. Any other call after it throws STORE_CLOSED. */
  close(): Promise<void>
}
