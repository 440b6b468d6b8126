import type { EngineOptions } from './engine-options.ts'

const leastBytes = 256 << 10
const largestMemtableBytes = 64 << 20

export interface StoreBudget extends Required<Pick<EngineOptions, 'blockCacheBytes' | 'memtableBytes'>> {
  /** The bound of the store's write buffer. */
  readonly bufferBytes: number
}

/**
 * The part of a process's memory budget that each of its open stores may use, by what was measured: live objects take about twice
 * what a write buffer counts for them, and the garbage collector lets the heap grow to more than twice that; an engine takes up to
 * one and a half times its memtables while it flushes. The rest is for filters, indexes, what a compaction holds and what malloc does not
 * give back. A larger block cache brings little: a block that is not in it is mostly in the operating system's.
 */
export function divideBudget(totalBytes: number, openStores: number): StoreBudget {
  const share = totalBytes / Math.max(1, openStores)
  const part = (divisor: number) => Math.max(leastBytes, Math.floor(share / divisor))
  return {
    bufferBytes: part(12),
    blockCacheBytes: part(12),
    memtableBytes: Math.min(largestMemtableBytes, part(12))
  }
}
