import { Worker } from 'node:worker_threads'
import type { ClientCopy } from '../../kafka/port/client.ts'
import type { WorkNames } from './stuck-work.ts'

/** What is watched; plain data. */
export interface Watched {
  /** See `Progress`. */
  readonly progress: SharedArrayBuffer
  readonly mostMs: number
  readonly names: WorkNames
  /** The member that leaves when the thread is stuck; undefined: its session ends by itself. */
  readonly leave:
    | { readonly client: ClientCopy; readonly groupId: string; readonly instanceId: string }
    | undefined
}

export type WatchdogOrder =
  | { readonly order: 'watch'; readonly id: number; readonly watched: Watched }
  | { readonly order: 'unwatch'; readonly id: number }

/** Heard when the thread goes on. */
export interface WatchdogNews {
  readonly id: number
  readonly text: string
}

/**
 * Watches threads that cannot be ended from outside, from a worker thread, because an event loop that is blocked reports nothing itself. A
 * stuck thread is told on standard error at once, with its task and record, and its member leaves the group over a connection of the watchdog's
 * own. When the thread goes on, the group's answer to its next heartbeat or commit tells it that its tasks are others' now.
 */
export class Watchdog {
  readonly #worker: Worker
  readonly #listeners = new Map<number, (text: string) => void>()
  #ids = 0
  #users = 0

  constructor() {
    const file = import.meta.url.endsWith('.ts') ? './watchdog-worker.ts' : './watchdog-worker.js'
    this.#worker = new Worker(new URL(file, import.meta.url), { name: 'watchdog' })
    this.#worker.on('message', ({ id, text }: WatchdogNews) => this.#listeners.get(id)?.(text))
    // the application goes on without
    this.#worker.on('error', () => undefined)
    this.#worker.unref()
  }

  use(): this {
    this.#users++
    return this
  }

  /** To be called once for each use. The last one ends it. */
  async release(): Promise<void> {
    if (--this.#users > 0) return
    if (shared === this) shared = undefined
    await this.#worker.terminate()
  }

  /** @returns ends it */
  watch(watched: Watched, onStuck: (text: string) => void): () => void {
    const id = this.#ids++
    this.#listeners.set(id, onStuck)
    this.#tell({ order: 'watch', id, watched })
    return () => {
      this.#listeners.delete(id)
      this.#tell({ order: 'unwatch', id })
    }
  }

  #tell(order: WatchdogOrder): void {
    this.#worker.postMessage(order)
  }
}

let shared: Watchdog | undefined

/** The process's. To be released. */
export function useWatchdog(): Watchdog {
  shared ??= new Watchdog()
  return shared.use()
}
