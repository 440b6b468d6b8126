import { StreamsError } from '../../core/errors.ts'
import type { Engine, EngineKind } from '../engine.ts'
import type { EngineOptions } from './engine-options.ts'
import { LevelEngine } from './level.ts'
import { MemoryEngine } from './memory.ts'
import { RocksEngine } from './rocksdb.ts'

/**
 * Opens the engine in `directory`, which is made if missing. `auto` is RocksDB where its package has a binary for this
 * platform, else LevelDB. Throws STORE_LOCKED while another process (or handle) has it open, STORE_CORRUPT when it is damaged.
 */
export async function openEngine(
  kind: EngineKind | 'auto',
  directory: string,
  options: EngineOptions = {}
): Promise<Engine> {
  switch (kind) {
    case 'memory':
      return new MemoryEngine(options.name ?? 'memory')
    case 'rocksdb':
      return RocksEngine.open(directory, options).catch(withoutBinary)
    case 'level':
      return LevelEngine.open(directory, options).catch(withoutBinary)
    case 'auto':
      try {
        return await RocksEngine.open(directory, options)
      } catch (error) {
        if (error instanceof StreamsError) throw error
        return LevelEngine.open(directory, options).catch(withoutBinary)
      }
  }
}

/** Errors of opening are StreamsErrors already; what is left comes from loading the package. */
function withoutBinary(error: unknown): never {
  if (error instanceof StreamsError) throw error
  throw new StreamsError('CONFIG_INVALID', `the storage engine does not load on ${process.platform}`, error)
}
