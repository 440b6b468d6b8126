import { mkdir, realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ClassicLevel } from 'classic-level'
import { noBytes } from '../../core/bytes.ts'
import { StreamsError } from '../../core/errors.ts'
import type { Engine, EngineEntry, EngineProperties, WriteOperation } from '../engine.ts'
import { openError, operationError } from './engine-errors.ts'
import { type EngineOptions, engineDefaults } from './engine-options.ts'
import { LevelLock } from './level-lock.ts'
import { pack, unpack } from './level-protocol.ts'
import { type LevelThread, useLevelThread } from './level-thread.ts'

/** A line of LevelDB's list of tables: number, size, and the keys it spans. */
const tableLine = /^ *\d+:(\d+)\[/gm

/** Bytes of their own: a message takes along all that a view is a part of, such as the rows of a scan. */
function copyOf(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes)
}

/**
 * LevelDB, the portable engine. classic-level reads a key synchronously, but writes and scans with promises only. So the database is
 * open twice, in this thread for `getSync` and in a worker thread for the rest (LevelDB itself is one and the same
 * underneath, made for threads), and this thread sleeps while the worker works.
 */
export class LevelEngine implements Engine {
  readonly kind = 'level'
  readonly dropsRanges = false
  readonly #name: string
  readonly #directory: string
  readonly #database: ClassicLevel<Buffer, Buffer>
  readonly #thread: LevelThread
  readonly #lock: LevelLock
  readonly #onDamage: EngineOptions['onDamage']
  #open = true

  private constructor(
    name: string,
    directory: string,
    database: ClassicLevel<Buffer, Buffer>,
    thread: LevelThread,
    lock: LevelLock,
    onDamage: EngineOptions['onDamage']
  ) {
    this.#name = name
    this.#directory = directory
    this.#database = database
    this.#thread = thread
    this.#lock = lock
    this.#onDamage = onDamage
  }

  /** Rejects with the import's error where the package has no binary. */
  static async open(directory: string, options: EngineOptions): Promise<LevelEngine> {
    const { ClassicLevel } = await import('classic-level')
    const name = options.name ?? basename(directory)
    const thread = useLevelThread()
    let lock: LevelLock | undefined
    let openInThread: string | undefined
    try {
      await thread.ready
      await mkdir(directory, { recursive: true })
      // handles and locks go by the name: all must use the same one
      const location = await realpath(directory)
      lock = await LevelLock.take(location)
      const blockCacheBytes = options.blockCacheBytes ?? engineDefaults.blockCacheBytes
      const memtableBytes = options.memtableBytes ?? engineDefaults.memtableBytes
      thread.call({ call: 'open', directory: location, blockCacheBytes, memtableBytes })
      openInThread = location
      const database = new ClassicLevel<Buffer, Buffer>(location, {
        keyEncoding: 'buffer',
        valueEncoding: 'buffer'
      })
      await database.open({ multithreading: true })
      return new LevelEngine(name, location, database, thread, lock, options.onDamage)
    } catch (error) {
      if (openInThread !== undefined && !thread.ended) thread.call({ call: 'close', directory: openInThread })
      await lock?.release()
      await thread.release()
      throw openError(name, directory, error)
    }
  }

  getSync(key: Buffer): Buffer | undefined {
    return this.#guard(() => this.#database.getSync(key))
  }

  multiGetSync(keys: readonly Buffer[]): (Buffer | undefined)[] {
    return this.#guard(() => keys.map((key) => this.#database.getSync(key)))
  }

  writeBatchSync(operations: readonly WriteOperation[]): void {
    const strings: (Buffer | null)[] = []
    for (const { key, value } of operations) strings.push(key, value)
    this.#guard(() =>
      this.#thread.call({ call: 'write', directory: this.#directory, operations: pack(strings) })
    )
  }

  scanSync(from: Buffer, to: Buffer | undefined, reverse: boolean, limit: number): EngineEntry[] {
    const { rows } = this.#guard(() =>
      this.#thread.call({
        call: 'scan',
        directory: this.#directory,
        from: copyOf(from),
        to: to === undefined ? undefined : copyOf(to),
        reverse,
        limit
      })
    )
    const strings = rows === undefined ? [] : unpack(rows)
    const entries: EngineEntry[] = []
    for (let i = 0; i < strings.length; i += 2)
      entries.push({ key: strings[i] as Buffer, value: strings[i + 1] as Buffer })
    return entries
  }

  deleteRangeSync(from: Buffer, to: Buffer): void {
    this.#guard(() =>
      this.#thread.call({ call: 'clear', directory: this.#directory, from: copyOf(from), to: copyOf(to) })
    )
  }

  properties(): EngineProperties {
    return this.#guard(() => {
      let tableBytes = 0
      for (const [, size] of this.#database.getProperty('leveldb.sstables').matchAll(tableLine))
        tableBytes += Number(size)
      return {
        tableBytes,
        // of both, with the cache of blocks
        memtableBytes: Number(this.#database.getProperty('leveldb.approximate-memory-usage')),
        blockCacheBytes: undefined,
        tableReaderBytes: undefined,
        stalled: undefined,
        runningCompactions: undefined
      }
    })
  }

  async close(): Promise<void> {
    if (!this.#open) return
    try {
      // LevelDB has no call to sync its log; a synced write does it, for all that came before. It changes nothing.
      const [first] = this.scanSync(noBytes, undefined, false, 1)
      this.#open = false
      if (first !== undefined) await this.#database.put(first.key, first.value, { sync: true })
    } catch (error) {
      throw operationError(this.#name, error, this.#onDamage)
    } finally {
      this.#open = false
      try {
        await this.#database.close()
        // a thread that has ended has closed its handles
        if (!this.#thread.ended) this.#thread.call({ call: 'close', directory: this.#directory })
      } finally {
        await this.#lock.release().catch(() => undefined)
        await this.#thread.release()
      }
    }
  }

  #guard<T>(call: () => T): T {
    if (!this.#open) throw new StreamsError('STORE_CLOSED', `store ${this.#name} is closed`)
    try {
      return call()
    } catch (error) {
      throw operationError(this.#name, error, this.#onDamage)
    }
  }
}
