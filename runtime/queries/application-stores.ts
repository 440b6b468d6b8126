import { StreamsError } from '../../core/errors.ts'
import type { StoreDefinition } from '../../state/store-definition.ts'
import { globalTask } from '../../state/task-directory.ts'
import type { Topology } from '../../topology/topology.ts'
import type { ResolvedConfig } from '../config.ts'
import type { Plan } from '../task-plan.ts'
import type { ApplicationThreads } from '../threads/application-threads.ts'
import type { LocalStore } from './local-store.ts'

export interface ApplicationStoresParts {
  readonly topology: Topology
  readonly config: Pick<ResolvedConfig, 'threadModule'>
  /** Undefined before the start. */
  readonly plan: () => Plan | undefined
  readonly threads: () => ApplicationThreads | undefined
}

/** The stores of an application: what they are, which tasks have them, and the parts that are open on the main thread. */
export class ApplicationStores {
  readonly #parts: ApplicationStoresParts

  constructor(parts: ApplicationStoresParts) {
    this.#parts = parts
  }

  /** What the store of that name is. Throws STORE_UNKNOWN. */
  definition(name: string): StoreDefinition {
    const { topology } = this.#parts
    const definition = topology.stores.get(name)
    if (definition !== undefined) return definition
    const global = topology.globalStores.get(name)
    if (global === undefined) throw new StreamsError('STORE_UNKNOWN', `the graph has no store "${name}"`)
    const { key, value } = global.topic
    return { kind: 'key-value', name, key, value, logged: true, cached: true }
  }

  /** The tasks, of whatever process, that have a part of a store: one for each partition, in their order. Throws STORE_UNKNOWN. */
  tasks(name: string): readonly string[] {
    if (this.#parts.topology.globalStores.has(name)) return [globalTask]
    const tasks = this.#parts.plan()?.tasks ?? []
    const found = tasks.filter(({ subTopology }) => subTopology.stores.includes(name)).map(({ id }) => id)
    if (found.length === 0) throw new StreamsError('STORE_UNKNOWN', `no task has a store "${name}"`)
    return found
  }

  /** The parts of a store of any kind that are open, copies included; see `askForKey`. Those of worker threads cannot be read. */
  local(name: string): readonly LocalStore[] {
    const threads = this.#parts.threads()
    const global = threads?.globals
    const store = global?.stores.get(name)
    if (store !== undefined)
      return [{ task: globalTask, role: 'global', running: global?.restored === true, lag: undefined, store }]
    return threads?.localStores(name) ?? []
  }

  /** The stores of that name and kind of the tasks that run here, while this process has its place in the group. Throws STORE_UNKNOWN, CONFIG_INVALID. */
  running(name: string, kind: 'key-value' | 'window'): readonly unknown[] {
    const { topology, config } = this.#parts
    const isGlobal = kind === 'key-value' && topology.globalStores.has(name)
    if (!isGlobal && topology.stores.get(name)?.kind !== kind)
      throw new StreamsError('STORE_UNKNOWN', `the graph has no ${kind} store "${name}"`)
    if (!isGlobal && config.threadModule !== undefined)
      throw new StreamsError(
        'CONFIG_INVALID',
        `store "${name}" is in worker threads: it cannot be read from here`
      )
    return this.local(name).flatMap(({ running, store }) => (running ? [store] : []))
  }
}
