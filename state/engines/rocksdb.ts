import { basename } from 'node:path'
import type { RocksLevel, SyncBatch } from '@nxtedition/rocksdb'
import { StreamsError } from '../../core/errors.ts'
import type { Engine, EngineEntry, EngineProperties, WriteOperation } from '../engine.ts'
import { openError, operationError } from './engine-errors.ts'
import { type EngineOptions, engineDefaults } from './engine-options.ts'

/** A batch keeps the room of the largest it has held. */
const largestKeptBatchBytes = 8 << 20

const asBuffers = { valueEncoding: 'buffer' } as const

/**
 * RocksDB. Each batch is in the write-ahead log before the call returns but is not synced: a killed process loses nothing, a
 * machine that loses power may lose the last batches, never a part of one. Closing syncs.
 *
 * `decouplePartitionedFilters` must stay unset: the binding writes it over the block restart interval.
 */
export class RocksEngine implements Engine {
  readonly kind = 'rocksdb'
  readonly dropsRanges = true
  readonly #name: string
  readonly #database: RocksLevel
  readonly #onDamage: EngineOptions['onDamage']
  /** The database is another thread's, which closes it. */
  readonly #attached: boolean
  #open = true
  #failure: Error | undefined
  /** Used for every write: the memory of one let go of comes back only when the garbage collector and the event loop have been at it. */
  #batch: SyncBatch | undefined

  private constructor(
    name: string,
    database: RocksLevel,
    onDamage: EngineOptions['onDamage'],
    attached = false
  ) {
    this.#attached = attached
    this.#name = name
    this.#database = database
    this.#onDamage = onDamage
  }

  /** Rejects with the import's error where the package has no binary. */
  static async open(directory: string, options: EngineOptions): Promise<RocksEngine> {
    const { RocksLevel } = await import('@nxtedition/rocksdb')
    const name = options.name ?? basename(directory)
    const database = new RocksLevel(directory, {
      createIfMissing: true,
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      compaction: 'universal',
      cacheSize: options.blockCacheBytes ?? engineDefaults.blockCacheBytes,
      memtableMemoryBudget: options.memtableBytes ?? engineDefaults.memtableBytes,
      filterPolicy: `bloomfilter:${options.bloomBitsPerKey ?? engineDefaults.bloomBitsPerKey}:false`,
      // as Kafka Streams has it. The binding's compression comes with dictionaries only: for their sake a whole file of 64 MiB is held in
      // memory while it is written, and a read-modify-write costs two thirds more
      compression: false,
      // the log lives for a few commits only: compressing it costs more than writing it
      walCompression: false
    })
    try {
      await database.open()
    } catch (error) {
      throw openError(name, directory, error)
    }
    return new RocksEngine(name, database, options.onDamage)
  }

  /** The database that another thread of the process has open, by its `handle`. That thread must outlive this engine. */
  static async attach(handle: bigint, name: string): Promise<RocksEngine> {
    const { RocksLevel } = await import('@nxtedition/rocksdb')
    const database = new RocksLevel(handle, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
    await database.open()
    return new RocksEngine(name, database, undefined, true)
  }

  /** For `attach`. */
  get handle(): bigint {
    this.#check()
    return this.#database.handle
  }

  getSync(key: Buffer): Buffer | undefined {
    return this.multiGetSync([key])[0]
  }

  multiGetSync(keys: readonly Buffer[]): (Buffer | undefined)[] {
    this.#check()
    const values = this.#guard(() => this.#database._getManySync(keys, asBuffers))
    // null stands for a read that was given up (more than 2 GiB in one call), which is not "absent"
    if (values.includes(null)) throw operationError(this.#name, new Error('a read was aborted'))
    return values as (Buffer | undefined)[]
  }

  writeBatchSync(operations: readonly WriteOperation[]): void {
    this.#check()
    let bytes = 0
    this.#guard(() => {
      this.#batch ??= this.#database._chainedBatch()
      try {
        for (const { key, value } of operations) {
          bytes += key.length + (value?.length ?? 0)
          if (value === null) this.#batch._del(key)
          else this.#batch._put(key, value)
        }
        this.#batch._writeSync()
        this.#batch._clear()
      } catch (error) {
        this.#dropBatch()
        throw error
      }
    })
    if (bytes > largestKeptBatchBytes) this.#dropBatch()
  }

  scanSync(from: Buffer, to: Buffer | undefined, reverse: boolean, limit: number): EngineEntry[] {
    this.#check()
    const range = {
      gte: from,
      reverse,
      limit,
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      fillCache: true
    } as const
    const { rows } = this.#guard(() =>
      this.#database.querySync(to === undefined ? range : { ...range, lt: to })
    )
    const entries: EngineEntry[] = []
    for (let i = 0; i < rows.length; i += 2)
      entries.push({ key: rows[i] as Buffer, value: rows[i + 1] as Buffer })
    return entries
  }

  deleteRangeSync(from: Buffer, to: Buffer): void {
    this.#check()
    // the range is gone when this returns; only a failure is told on the next tick, and then the next call throws it
    this.#database._clear({ gte: from, lt: to }, (error) => {
      if (error !== null) this.#failure = error
    })
  }

  properties(): EngineProperties {
    this.#check()
    const number = (property: string) => Number(this.#database.getProperty(`rocksdb.${property}`))
    return {
      tableBytes: number('total-sst-files-size'),
      memtableBytes: number('cur-size-all-mem-tables'),
      blockCacheBytes: number('block-cache-usage'),
      tableReaderBytes: number('estimate-table-readers-mem'),
      stalled: number('is-write-stopped') > 0 || number('actual-delayed-write-rate') > 0,
      runningCompactions: number('num-running-compactions')
    }
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    this.#dropBatch()
    if (this.#attached) return
    try {
      await this.#database.close()
    } catch (error) {
      throw operationError(this.#name, error, this.#onDamage)
    }
  }

  #dropBatch(): void {
    const batch = this.#batch
    if (batch === undefined) return
    this.#batch = undefined
    batch._closeSync()
    this.#database.detachResource(batch)
  }

  /** The binding does not check: a call on a closed database ends the process. */
  #check(): void {
    if (!this.#open) throw new StreamsError('STORE_CLOSED', `store ${this.#name} is closed`)
    if (this.#failure !== undefined) throw operationError(this.#name, this.#failure, this.#onDamage)
  }

  #guard<T>(call: () => T): T {
    try {
      return call()
    } catch (error) {
      throw operationError(this.#name, error, this.#onDamage)
    }
  }
}
