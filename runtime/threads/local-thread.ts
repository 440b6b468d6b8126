import type { Topology } from '../../topology/topology.ts'
import type { ResolvedConfig } from '../config.ts'
import { DiskGuard } from '../disk-guard.ts'
import type { ClientMetadata } from '../membership/client-metadata.ts'
import type { Membership } from '../membership/membership.ts'
import { openMembership } from '../membership/open-membership.ts'
import type { StreamsMetrics } from '../metrics.ts'
import type { PreparedTopics } from '../prepare-topics.ts'
import type { LocalStore } from '../queries/local-store.ts'
import { StreamThread } from '../stream-thread.ts'
import type { Progress } from '../task/progress.ts'
import type { TaskStatus } from '../task-status.ts'
import type { GlobalStores } from './global-stores.ts'
import type { Thread } from './thread.ts'
import { threadClientId } from './thread-client-id.ts'

export interface LocalThreadParts {
  readonly number: number
  readonly config: ResolvedConfig
  readonly topology: Topology
  readonly prepared: PreparedTopics
  readonly processId: string
  readonly globals: GlobalStores
  readonly metrics: StreamsMetrics
  readonly progress: Progress
}

/** A stream thread on the event loop that it is made on, with its member, its producer and all else that it shares with no other. */
export class LocalThread implements Thread {
  readonly number: number
  readonly #parts: LocalThreadParts
  readonly #killed = Promise.withResolvers<void>()
  #thread: StreamThread | undefined
  #membership: Membership | undefined
  #running = false
  #paused = false
  #stopping = false
  #leave = false

  constructor(parts: LocalThreadParts) {
    this.number = parts.number
    this.#parts = parts
  }

  get running(): boolean {
    return this.#running && this.#membership?.inPlace() === true
  }

  /** The parts of a store that are open here, copies included. */
  stores(name: string): readonly LocalStore[] {
    return this.#thread?.stores(name) ?? []
  }

  status(): readonly TaskStatus[] {
    return this.#thread?.status() ?? []
  }

  clients(): readonly ClientMetadata[] {
    return this.#membership?.clients() ?? []
  }

  async run(): Promise<void> {
    const { config, topology, prepared, processId } = this.#parts
    const { applicationId, kafka, stateDirectory, minFreeDiskBytes, logger } = config
    const clientId = threadClientId(applicationId, processId, this.number)
    const admin = kafka.admin(`${clientId}-admin`)
    const disk = new DiskGuard(stateDirectory, minFreeDiskBytes, logger)
    this.#parts.metrics.disk(disk)
    const membership = openMembership({
      config,
      topology,
      plan: prepared.plan,
      admin,
      clientId,
      processId,
      lags: () => this.#thread?.lags() ?? new Map(),
      copies: () => this.#thread?.copies() ?? new Map()
    })
    this.#membership = membership
    const thread = new StreamThread({
      ...this.#parts,
      ...prepared,
      membership,
      admin,
      clientId,
      disk,
      onRunning: (running) => {
        this.#running = running
      }
    })
    this.#thread = thread
    thread.pause(this.#paused)
    if (this.#stopping) thread.stop()
    const whole = (async () => {
      try {
        await disk.start()
        await thread.run()
      } finally {
        this.#running = false
        disk.close()
        try {
          await membership.close({ leave: this.#leave })
        } finally {
          await admin.close()
        }
      }
    })()
    await Promise.race([whole, this.#killed.promise])
  }

  stop({ leave }: { readonly leave: boolean }): void {
    this.#stopping = true
    this.#leave = leave
    this.#thread?.stop()
  }

  /** What is under way ends by itself, but nobody waits for it. */
  kill(): void {
    this.stop({ leave: this.#leave })
    this.#killed.resolve()
  }

  pause(paused: boolean): void {
    this.#paused = paused
    this.#thread?.pause(paused)
  }

  async rebuild(taskId: string): Promise<void> {
    await this.#thread?.rebuild(taskId)
  }
}
