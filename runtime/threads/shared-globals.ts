import { StreamsError } from '../../core/errors.ts'
import { RocksEngine } from '../../state/engines/rocksdb.ts'
import { openStore } from '../../state/open-store.ts'
import type { StateStore } from '../../state/state-store.ts'
import type { GlobalStore } from '../../topology/graph.ts'
import type { ResolvedConfig } from '../config.ts'
import type { GlobalTables } from '../restore/global-tables.ts'
import type { GlobalStores } from './global-stores.ts'

/** What a worker thread needs to read the global tables that the main thread has open and keeps current. */
export interface SharedGlobals {
  /** RocksDB handles by store. */
  readonly handles: ReadonlyMap<string, bigint>
  /** One int32, raised with each change of any table. */
  readonly version: SharedArrayBuffer
}

/** Throws CONFIG_INVALID for engines that only the thread that opened them can read. */
export function shareGlobals(tables: GlobalTables, version: SharedArrayBuffer): SharedGlobals {
  const handles = new Map<string, bigint>()
  for (const [name, engine] of tables.engines) {
    if (!(engine instanceof RocksEngine))
      throw new StreamsError(
        'CONFIG_INVALID',
        `global table "${name}": worker threads can share only RocksDB, not the engine "${engine.kind}"; run without threadModule`
      )
    handles.set(name, engine.handle)
  }
  return { handles, version }
}

/**
 * Global tables in a worker thread: its tasks read the main thread's database, and keep what they have read until a table changes. Such a change
 * is one atomic batch; it is seen at once for keys that were not read before, and from the next slice on for others.
 */
export class AttachedGlobals implements GlobalStores {
  readonly #shared: SharedGlobals
  readonly #definitions: ReadonlyMap<string, GlobalStore>
  readonly #config: ResolvedConfig
  readonly #version: Int32Array
  #stores: ReadonlyMap<string, StateStore> = new Map()
  #seen = 0

  constructor(shared: SharedGlobals, definitions: ReadonlyMap<string, GlobalStore>, config: ResolvedConfig) {
    this.#shared = shared
    this.#definitions = definitions
    this.#config = config
    this.#version = new Int32Array(shared.version)
  }

  get stores(): ReadonlyMap<string, StateStore> {
    return this.#stores
  }

  async ready(): Promise<void> {
    if (this.#stores.size === this.#definitions.size) return
    const stores = new Map<string, StateStore>()
    for (const { name, topic } of this.#definitions.values()) {
      const handle = this.#shared.handles.get(name)
      if (handle === undefined)
        throw new StreamsError('STORE_UNKNOWN', `the main thread has no global table "${name}"`)
      const engine = await RocksEngine.attach(handle, name)
      const { key, value } = topic
      // as the main thread has it; nothing is ever put here
      stores.set(
        name,
        openStore({ kind: 'key-value', name, key, value, logged: true, cached: true }, engine, {
          log: undefined,
          clock: this.#config.clock
        })
      )
    }
    this.#stores = stores
  }

  check(): void {
    const version = Atomics.load(this.#version, 0)
    if (version === this.#seen) return
    this.#seen = version
    for (const store of this.#stores.values()) store.abort()
  }
}
