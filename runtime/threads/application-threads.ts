import { StreamsError } from '../../core/errors.ts'
import type { Admin } from '../../kafka/port/admin.ts'
import type { Topology } from '../../topology/topology.ts'
import type { ResolvedConfig } from '../config.ts'
import { shutDownApplication } from '../membership/shut-down-application.ts'
import type { StreamsMetrics } from '../metrics.ts'
import type { PreparedTopics } from '../prepare-topics.ts'
import type { LocalStore } from '../queries/local-store.ts'
import { GlobalTables } from '../restore/global-tables.ts'
import { storeBudget } from '../store-budget.ts'
import { LocalThread } from './local-thread.ts'
import { LocalThreads } from './local-threads.ts'
import { MetricsCopies } from './metrics-copies.ts'
import { threadClientId } from './thread-client-id.ts'
import type { ThreadMaker } from './thread-maker.ts'
import { ThreadPool } from './thread-pool.ts'
import { WorkerThread } from './worker-thread.ts'
import { WorkerThreads } from './worker-threads.ts'

export interface ApplicationThreadsParts {
  readonly config: ResolvedConfig
  readonly topology: Topology
  readonly prepared: PreparedTopics
  readonly processId: string
  readonly admin: Admin
  readonly metrics: StreamsMetrics
}

/** All that runs a topology in this process: its threads, wherever they are, and the global tables that they share. */
export class ApplicationThreads {
  readonly pool: ThreadPool
  readonly globals: GlobalTables
  readonly #parts: ApplicationThreadsParts
  readonly #maker: ThreadMaker
  /** See `SharedGlobals`. */
  readonly #version = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)

  constructor(parts: ApplicationThreadsParts) {
    const { config, topology, prepared, processId, admin, metrics } = parts
    const { plan } = prepared
    const clientIdOf = (number: number) => threadClientId(config.applicationId, processId, number)
    this.#parts = parts
    const version = new Int32Array(this.#version)
    this.globals = new GlobalTables({
      config,
      definitions: topology.globalStores,
      budget: storeBudget(config, plan, topology),
      admin,
      clientId: clientIdOf(1),
      metrics,
      onApplied: () => void Atomics.add(version, 0, 1)
    })
    this.#maker = this.#makerOf()
    this.pool = new ThreadPool({
      make: (number) => this.#maker.make(number),
      onUncaught: config.uncaughtExceptionHandler,
      shutDownApplication: (number) =>
        shutDownApplication({ config, topology, plan, admin, clientId: clientIdOf(number), processId }),
      logger: config.logger
    })
  }

  /** The parts of a store that are open on the main thread, copies included. */
  localStores(name: string): readonly LocalStore[] {
    return this.pool.threads.flatMap((thread) => (thread instanceof LocalThread ? thread.stores(name) : []))
  }

  /** Runs until the last thread has ended and all is closed. Rejects with what ended them. */
  async run(cancelled: () => boolean): Promise<void> {
    try {
      await this.#maker.open(cancelled)
      if (cancelled()) return
      for (let count = 0; count < this.#parts.config.threads; count++) this.pool.add()
      await this.pool.ended
    } finally {
      await this.#maker.close()
      await this.globals.close()
    }
  }

  /** Gives up the places of threads that ended with an error. To be called when all have ended; what cannot be told is logged. */
  async leaveForFailed(): Promise<void> {
    const { config, processId } = this.#parts
    const { applicationId, groupProtocol, kafka, logger } = config
    // a member without an instance id has no place that outlives it
    if (groupProtocol !== 'classic' || this.pool.failed.length === 0) return
    const admin = kafka.admin(`${threadClientId(applicationId, processId, 1)}-admin`)
    try {
      for (const number of this.pool.failed)
        await admin.removeMember(applicationId, threadClientId(applicationId, processId, number))
    } catch (error) {
      logger.warn(`the group keeps a place for a session: ${(error as Error).message}`)
    } finally {
      await admin.close()
    }
  }

  #makerOf(): ThreadMaker {
    const { config, metrics } = this.#parts
    const parts = { ...this.#parts, globals: this.globals }
    if (config.threadModule === undefined) return new LocalThreads(parts)
    const copies = new MetricsCopies()
    metrics.registry.join(async () => {
      await Promise.all(
        this.pool.threads.flatMap((thread) => (thread instanceof WorkerThread ? [thread.tellMetrics()] : []))
      )
      return copies.all()
    })
    return new WorkerThreads({
      ...parts,
      copies,
      module: config.threadModule,
      globalsVersion: this.#version,
      onGlobalsFailure: (error) => {
        metrics.failed(error instanceof StreamsError ? error.code : 'PROCESSOR_FAILED')
        this.pool.fail(error)
      }
    })
  }
}
