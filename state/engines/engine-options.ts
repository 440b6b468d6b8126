import type { StreamsError } from '../../core/errors.ts'

/** What an engine on disk may use. One engine serves one store, so a process divides its memory budget among them. */
export interface EngineOptions {
  /** Names the store in messages. Default: the last part of the directory. */
  readonly name?: string
  /** Cache of uncompressed blocks. Default 8 MiB. */
  readonly blockCacheBytes?: number
  /** Writes kept in memory before they become a file. Default 16 MiB. */
  readonly memtableBytes?: number
  /** Bits of Bloom filter for each key (RocksDB only). More bits: fewer reads for absent keys. Default 10. */
  readonly bloomBitsPerKey?: number
  /** Told of damage (STORE_CORRUPT) that is found while the engine is open, before it is thrown. Must not throw. */
  readonly onDamage?: (damage: StreamsError) => void
}

export const engineDefaults = {
  blockCacheBytes: 8 << 20,
  memtableBytes: 16 << 20,
  bloomBitsPerKey: 10
} as const
