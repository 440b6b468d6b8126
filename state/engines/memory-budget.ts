import type { EngineOptions } from './engine-options.ts'

const leastBytes = 256 << 10
const largestMemtableBytes = 64 << 20

/**
 * The part of a process's memory budget that each of its open engines may use. A quarter is for writes (an engine takes up to one and
 * a half times that while it flushes), half for blocks read; the rest is left to filters, indexes and batches under way.
 */
export function divideBudget(
  totalBytes: number,
  openStores: number
): Required<Pick<EngineOptions, 'blockCacheBytes' | 'memtableBytes'>> {
  const share = totalBytes / Math.max(1, openStores)
  return {
    blockCacheBytes: Math.max(leastBytes, Math.floor(share / 2)),
    memtableBytes: Math.min(largestMemtableBytes, Math.max(leastBytes, Math.floor(share / 4)))
  }
}
