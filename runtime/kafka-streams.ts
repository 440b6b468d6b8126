import { setTimeout } from 'node:timers/promises'
import { StreamsError } from '../core/errors.ts'
import type { Serde } from '../core/serde.ts'
import type { Admin } from '../kafka/port/admin.ts'
import type { ReadOnlyKeyValueStore } from '../state/key-value-store.ts'
import { globalTask, processIdentity } from '../state/task-directory.ts'
import type { ReadOnlyWindowStore } from '../state/window-store.ts'
import type { Topology } from '../topology/topology.ts'
import { applicationLag, type StreamsLag } from './application-lag.ts'
import { type ResolvedConfig, resolveConfig, type StreamsConfig } from './config.ts'
import { type ClientMetadata, findKey, type KeyQueryMetadata } from './membership/client-metadata.ts'
import { StreamsMetrics } from './metrics.ts'
import { prepareTopics } from './prepare-topics.ts'
import { ApplicationStores } from './queries/application-stores.ts'
import { StateCleanup } from './state-cleanup.ts'
import type { Plan } from './task-plan.ts'
import type { ThreadTask } from './task-status.ts'
import { ApplicationThreads } from './threads/application-threads.ts'
import { threadClientId } from './threads/thread-client-id.ts'
import type { ThreadPool } from './threads/thread-pool.ts'
import { checkTopologyLock } from './topology-lock.ts'

const states = ['CREATED', 'REBALANCING', 'RUNNING', 'PENDING_SHUTDOWN', 'NOT_RUNNING', 'ERROR'] as const

/** As Kafka Streams names them. `REBALANCING` covers joining and restoring. */
export type StreamsState = (typeof states)[number]

export interface CloseOptions {
  /** Gives the places in the group up at once: for a process that does not come back, or comes back without its state directory. Default false. */
  readonly leaveGroup?: boolean
  /** What is not committed after this time, ms, is dropped. Default: it takes as long as it takes. */
  readonly timeoutMs?: number
}

/** What may still be under way after a close has run out of time, ms. */
const LAST_MS = 2_000
const READY_CHECK_MS = 20

/**
 * Runs a topology: makes its topics, joins its group, restores its stores and processes until `close`, with the guarantee of
 * `processingGuarantee`.
 */
export class KafkaStreams {
  readonly metrics: StreamsMetrics
  /** For whoever answers queries. */
  readonly stores: ApplicationStores
  readonly #topology: Topology
  readonly #config: ResolvedConfig
  #state: Exclude<StreamsState, 'RUNNING'> = 'CREATED'
  #threads: ApplicationThreads | undefined
  #admin: Admin | undefined
  #plan: Plan | undefined
  #running: Promise<void> | undefined
  #stopping = false
  #paused = false
  #cleanup: StateCleanup | undefined
  readonly #finished = Promise.withResolvers<void>()

  constructor(topology: Topology, config: StreamsConfig) {
    this.#topology = topology
    this.#config = resolveConfig(config)
    this.metrics = new StreamsMetrics(this.#config.applicationId, this.#config.clock)
    const [plan, threads] = [() => this.#plan, () => this.#threads]
    this.stores = new ApplicationStores({ topology, config: this.#config, plan, threads })
    this.metrics.state(states, () => this.state)
    // whoever does not await `finished` learns of a failure from `state` and `close`
    this.#finished.promise.catch(() => undefined)
  }

  /**
   * `RUNNING`: every active task of every thread is restored and processes, and the group has been heard from within the session: what has lost
   * its brokers is `REBALANCING`, for its tasks may be others'.
   */
  get state(): StreamsState {
    return this.#state === 'REBALANCING' && this.#threads?.pool.running === true ? 'RUNNING' : this.#state
  }

  /** Resolves when the application has closed; rejects with the error that ended it. */
  get finished(): Promise<void> {
    return this.#finished.promise
  }

  /**
   * Makes missing topics and begins to process; resolves when the threads have begun, before their stores are restored. Throws TOPIC_MISSING,
   * TOPIC_MISMATCH, TOPOLOGY_CHANGED, BROKER_UNAVAILABLE.
   */
  async start(): Promise<void> {
    if (this.#state !== 'CREATED')
      throw new StreamsError('CONFIG_INVALID', `start was called in state ${this.#state}`)
    const { topologyLock, logger } = this.#config
    if (topologyLock !== undefined) checkTopologyLock(this.#topology, topologyLock, logger)
    this.#state = 'REBALANCING'
    try {
      await this.#begin()
    } catch (error) {
      this.#state = 'ERROR'
      await this.#admin?.close()
      this.#finished.reject(error)
      throw error
    }
  }

  async #begin(): Promise<void> {
    const { applicationId, kafka, stateDirectory, logger } = this.#config
    const processId = await processIdentity(stateDirectory, applicationId)
    const clientId = threadClientId(applicationId, processId, 1)
    const admin = kafka.admin(`${clientId}-admin`)
    this.#admin = admin
    const prepared = await prepareTopics(admin, this.#topology, this.#config)
    const { plan } = prepared
    this.#plan = plan
    logger.info(
      `${applicationId}: ${plan.tasks.length} tasks in ${this.#topology.subTopologies.length} sub-topologies`
    )
    const { metrics } = this
    const threads = new ApplicationThreads({
      config: this.#config,
      topology: this.#topology,
      prepared,
      processId,
      admin,
      metrics
    })
    this.#threads = threads
    threads.pool.pause(this.#paused)
    metrics.standbys(() => this.#copyLags())
    this.#cleanup = new StateCleanup(this.#config, () => this.#owned())
    this.#running = this.#run(threads)
  }

  #copyLags(): ReadonlyMap<string, number> {
    const lags = new Map<string, number>()
    for (const { id, role, lag } of this.tasks())
      if (role !== 'active' && lag !== undefined) lags.set(id, lag)
    return lags
  }

  get applicationId(): string {
    return this.#config.applicationId
  }

  get topology(): Topology {
    return this.#topology
  }

  /** Settings that whoever answers queries, or shows the application, must know. */
  get settings(): Pick<
    ResolvedConfig,
    'applicationServer' | 'deadLetterTopic' | 'processingGuarantee' | 'sessionTimeoutMs' | 'threadModule'
  > {
    return this.#config
  }

  /** The tasks that this process has a part in, in whatever role; those of worker threads as of some 100 ms ago. */
  tasks(): readonly ThreadTask[] {
    const threads = this.#threads?.pool.threads ?? []
    return threads.flatMap((one) => one.status().map((task) => ({ ...task, thread: one.number })))
  }

  /** Resolves when every active task is restored and processes: `RUNNING`, for the first time or again. Rejects with what ends the application. */
  async ready(): Promise<void> {
    while (this.state !== 'RUNNING') {
      if (this.#state === 'ERROR') await this.#finished.promise
      if (this.#state !== 'REBALANCING')
        throw new StreamsError('CONFIG_INVALID', `ready was called in state ${this.#state}`)
      await setTimeout(READY_CHECK_MS)
    }
  }

  /**
   * Begins one thread more, which takes its share of the tasks, and returns its number. Throws CONFIG_INVALID without a `threadModule`, and when
   * the application does not run.
   */
  addThread(): number {
    return this.#changeable('addThread').add()
  }

  /** Ends one thread, which gives its tasks up. Resolves with its number when it has; undefined: the last one stays. Throws CONFIG_INVALID. */
  removeThread(): Promise<number | undefined> {
    return this.#changeable('removeThread').remove()
  }

  #changeable(what: string): ThreadPool {
    if (this.#threads === undefined || this.#state !== 'REBALANCING')
      throw new StreamsError('CONFIG_INVALID', `${what} was called in state ${this.#state}`)
    if (this.#config.threadModule === undefined)
      throw new StreamsError('CONFIG_INVALID', `${what} needs threadModule: the main thread is the only one`)
    return this.#threads.pool
  }

  /**
   * Nothing is processed or punctuated until `resume`. Places in the group are kept, restoring and standbys go on, and what was processed is
   * committed (KIP-834). It is this process alone that pauses.
   */
  pause(): void {
    this.#paused = true
    this.#threads?.pool.pause(true)
  }

  resume(): void {
    this.#paused = false
    this.#threads?.pool.pause(false)
  }

  /**
   * Who has what of all processes with an `applicationServer`, by the last assignment that this process was told of, also while it has no place
   * in the group; Kafka Streams' `metadataForAllStreamsClients`.
   */
  metadataForAllClients(): readonly ClientMetadata[] {
    return this.#threads?.pool.clients() ?? []
  }

  /**
   * Which process has a key of a store (KIP-535). Of a window or session store, the record's key. Throws STORE_UNKNOWN; CONFIG_INVALID before
   * the start.
   */
  queryMetadataForKey<K>(store: string, key: K, serde: Serde<K>): KeyQueryMetadata {
    const plan = this.#plan
    if (plan === undefined)
      throw new StreamsError('CONFIG_INVALID', `queryMetadataForKey was called in state ${this.#state}`)
    return findKey({
      topology: this.#topology,
      partitionsOf: (id) => plan.tasks.filter(({ subTopology }) => subTopology.id === id).length,
      clients: this.metadataForAllClients(),
      endpoint: this.#config.applicationServer,
      store,
      key,
      serde
    })
  }

  async #run(threads: ApplicationThreads): Promise<void> {
    try {
      try {
        await threads.run(() => this.#stopping)
      } finally {
        this.#cleanup?.close()
        await this.#admin?.close()
      }
      this.#state = 'NOT_RUNNING'
      this.#finished.resolve()
    } catch (error) {
      this.#state = 'ERROR'
      this.#config.logger.error(`${this.#config.applicationId} stopped: ${(error as Error).message}`)
      this.#finished.reject(error)
    }
  }

  /** Task directories in use. */
  #owned(): ReadonlySet<string> | undefined {
    if (this.state !== 'RUNNING') return undefined
    const owned = new Set(this.tasks().map(({ id }) => id))
    if (this.#topology.globalStores.size > 0) owned.add(globalTask)
    return owned
  }

  /**
   * Commits, closes the stores and lets go of the brokers. Resolves with true, or with false if `timeoutMs` was not enough: what was not
   * committed by then is dropped, and processed again by whoever goes on. Rejects with the error that ended the application, if one did.
   *
   * A member keeps its place in the group for the session timeout, so that a restart finds it, unless `leaveGroup` is set.
   */
  async close({ leaveGroup = false, timeoutMs }: CloseOptions = {}): Promise<boolean> {
    this.#stopping = true
    if (this.#running === undefined) {
      await this.#admin?.close()
      if (this.#state !== 'ERROR') this.#state = 'NOT_RUNNING'
      this.#finished.resolve()
      return true
    }
    if (this.#state !== 'ERROR') this.#state = 'PENDING_SHUTDOWN'
    this.#threads?.pool.stop({ leave: leaveGroup })
    const inTime = await within(this.#running, timeoutMs)
    if (!inTime) {
      this.#config.logger.warn(
        `${this.#config.applicationId}: closing takes longer than ${timeoutMs} ms; what is not committed is dropped`
      )
      this.#threads?.pool.kill()
      if (!(await within(this.#running, LAST_MS))) return false
    }
    if (leaveGroup) await this.#threads?.leaveForFailed()
    await this.#finished.promise
    return inTime
  }

  /**
   * Records between the committed positions and the ends of all topics that the graph reads, internal ones included. 0 while nobody writes to
   * its sources: everything was processed, and its outputs are in their topics.
   */
  async lag(): Promise<StreamsLag> {
    if (this.#admin === undefined || this.#plan === undefined)
      throw new StreamsError('CONFIG_INVALID', `lag was called in state ${this.#state}`)
    return await applicationLag(this.#admin, this.#config.applicationId, this.#plan)
  }

  /**
   * Rebuilds one task (`<sub-topology>_<partition>`): empties its stores and fills them again from their changelogs, while the other tasks go
   * on. Stores without a changelog are left alone. Resolves when it runs again. Throws STORE_UNKNOWN if the task does not run in this process,
   * or not yet: one that is being restored or rebuilt.
   *
   * A global table is rebuilt from its topic when the application starts without its folder, `<application>/global/<store>`.
   */
  async rebuildTask(taskId: string): Promise<void> {
    const thread = this.#threads?.pool.threads.find((one) =>
      one.status().some(({ id, role }) => id === taskId && role === 'active')
    )
    if (thread === undefined) throw new StreamsError('STORE_UNKNOWN', `no task ${taskId} runs here`)
    await thread.rebuild(taskId)
  }

  /**
   * The parts of a key-value store that are in this process, one per task, or a global table's only store; uncommitted changes are seen. Throws
   * STORE_UNKNOWN, CONFIG_INVALID where stores are in worker threads.
   */
  keyValueStores<K, V>(name: string): readonly ReadOnlyKeyValueStore<K, V>[] {
    return this.stores.running(name, 'key-value') as unknown as readonly ReadOnlyKeyValueStore<K, V>[]
  }

  /** The parts of a window store that are in this process, one per task; uncommitted changes are seen. Throws as `keyValueStores` does. */
  windowStores<K, V>(name: string): readonly ReadOnlyWindowStore<K, V>[] {
    return this.stores.running(name, 'window') as unknown as readonly ReadOnlyWindowStore<K, V>[]
  }
}

/** Whether it ended in that time. */
async function within(running: Promise<void>, ms: number | undefined): Promise<boolean> {
  if (ms === undefined) return running.then(() => true)
  const timer = new AbortController()
  try {
    return await Promise.race([running.then(() => true), setTimeout(ms, false, { signal: timer.signal })])
  } finally {
    timer.abort()
  }
}
