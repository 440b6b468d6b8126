import { StreamsError } from '../core/errors.ts'
import type { Serde } from '../core/serde.ts'
import type { Admin } from '../kafka/port/admin.ts'
import type { ReadOnlyKeyValueStore } from '../state/key-value-store.ts'
import { removeObsoleteTaskDirectories } from '../state/obsolete-directories.ts'
import type { StoreDefinition } from '../state/store-definition.ts'
import { globalTask, processIdentity } from '../state/task-directory.ts'
import type { ReadOnlyWindowStore } from '../state/window-store.ts'
import type { Topology } from '../topology/topology.ts'
import { type ResolvedConfig, resolveConfig, type StreamsConfig } from './config.ts'
import { DiskGuard } from './disk-guard.ts'
import { type ClientMetadata, findKey, type KeyQueryMetadata } from './membership/client-metadata.ts'
import type { Membership } from './membership/membership.ts'
import { openMembership } from './membership/open-membership.ts'
import { StreamsMetrics } from './metrics.ts'
import { prepareTopics } from './prepare-topics.ts'
import type { LocalStore } from './queries/local-store.ts'
import { GlobalTables } from './restore/global-tables.ts'
import { storeBudget } from './store-budget.ts'
import { StreamThread } from './stream-thread.ts'
import type { Plan } from './task-plan.ts'
import type { TaskStatus } from './task-set.ts'
import { checkTopologyLock } from './topology-lock.ts'

const streamsStates = [
  'CREATED',
  'REBALANCING',
  'RUNNING',
  'PENDING_SHUTDOWN',
  'NOT_RUNNING',
  'ERROR'
] as const

/** As Kafka Streams names them. `REBALANCING` covers joining and restoring. */
export type StreamsState = (typeof streamsStates)[number]

export interface StreamsLag {
  /** Still to be processed and committed. */
  readonly records: number
  /** In the topics in all. */
  readonly total: number
}

/**
 * Runs a topology: makes its topics, joins its group, restores its stores and processes, at-least-once, until `close`.
 */
export class KafkaStreams {
  readonly metrics: StreamsMetrics
  readonly #topology: Topology
  readonly #config: ResolvedConfig
  readonly #disk: DiskGuard
  #state: StreamsState = 'CREATED'
  #thread: StreamThread | undefined
  #globals: GlobalTables | undefined
  #membership: Membership | undefined
  #admin: Admin | undefined
  #plan: Plan | undefined
  #running: Promise<void> | undefined
  #leaveGroup = false
  #cleanup: NodeJS.Timeout | undefined
  readonly #finished = Promise.withResolvers<void>()

  constructor(topology: Topology, config: StreamsConfig) {
    this.#topology = topology
    this.#config = resolveConfig(config)
    const { applicationId, stateDirectory, minFreeDiskBytes, clock, logger } = this.#config
    this.#disk = new DiskGuard(stateDirectory, minFreeDiskBytes, logger)
    this.metrics = new StreamsMetrics(applicationId, clock)
    this.metrics.state(streamsStates, () => this.#state)
    this.metrics.disk(this.#disk)
    // whoever does not await `finished` learns of a failure from `state` and `close`
    this.#finished.promise.catch(() => undefined)
  }

  get state(): StreamsState {
    return this.#state
  }

  /** Resolves when the application has closed; rejects with the error that ended it. */
  get finished(): Promise<void> {
    return this.#finished.promise
  }

  /**
   * Makes missing topics and begins to process; resolves when the thread has begun, before its stores are restored. Throws TOPIC_MISSING, TOPIC_MISMATCH,
   * TOPOLOGY_CHANGED, BROKER_UNAVAILABLE.
   */
  async start(): Promise<void> {
    if (this.#state !== 'CREATED')
      throw new StreamsError('CONFIG_INVALID', `start was called in state ${this.#state}`)
    const { applicationId, kafka, stateDirectory, topologyLock, logger } = this.#config
    if (topologyLock !== undefined) checkTopologyLock(this.#topology, topologyLock, logger)
    this.#state = 'REBALANCING'
    await this.#disk.start()
    const processId = await processIdentity(stateDirectory, applicationId)
    const clientId = `${applicationId}-${processId}`
    const admin = kafka.admin(`${clientId}-admin`)
    this.#admin = admin
    const { plan, topics, deleteRetentionMs } = await prepareTopics(admin, this.#topology, this.#config)
    const membership = openMembership({
      config: this.#config,
      topology: this.#topology,
      plan,
      admin,
      clientId,
      processId,
      lags: () => this.#thread?.lags() ?? new Map()
    })
    this.#membership = membership
    logger.info(
      `${applicationId}: ${plan.tasks.length} tasks in ${this.#topology.subTopologies.length} sub-topologies`
    )
    this.#plan = plan
    const globals = new GlobalTables({
      config: this.#config,
      definitions: this.#topology.globalStores,
      budget: storeBudget(this.#config, plan, this.#topology),
      admin,
      clientId,
      metrics: this.metrics
    })
    this.#globals = globals
    const thread = new StreamThread({
      config: this.#config,
      topology: this.#topology,
      plan,
      topics,
      deleteRetentionMs,
      membership,
      admin,
      clientId,
      disk: this.#disk,
      globals,
      metrics: this.metrics,
      onRunning: (running) => {
        if (this.#state === 'REBALANCING' || this.#state === 'RUNNING')
          this.#state = running ? 'RUNNING' : 'REBALANCING'
      }
    })
    this.#thread = thread
    this.metrics.standbys(() => this.#copyLags())
    this.#cleanup = setInterval(
      () => void this.#removeForeignState(),
      this.#config.stateCleanupDelayMs
    ).unref()
    this.#running = this.#run(thread)
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

  /** Settings that whoever answers queries must know. */
  get settings(): Pick<ResolvedConfig, 'applicationServer' | 'processingGuarantee' | 'sessionTimeoutMs'> {
    return this.#config
  }

  /** The tasks that this process has a part in, in whatever role. */
  tasks(): readonly TaskStatus[] {
    return this.#thread?.status() ?? []
  }

  /** Who has what, by the last assignment, of all processes with an `applicationServer`; Kafka Streams' `metadataForAllStreamsClients`. */
  metadataForAllClients(): readonly ClientMetadata[] {
    return this.#membership?.clients() ?? []
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

  async #run(thread: StreamThread): Promise<void> {
    try {
      await thread.run()
      await this.#release()
      this.#state = 'NOT_RUNNING'
      this.#finished.resolve()
    } catch (error) {
      this.#state = 'ERROR'
      this.#config.logger.error(`${this.#config.applicationId} stopped: ${(error as Error).message}`)
      await this.#release().catch(() => undefined)
      this.#finished.reject(error)
    }
  }

  /** State of tasks that have moved elsewhere. */
  async #removeForeignState(): Promise<void> {
    const { stateDirectory, applicationId, stateCleanupDelayMs, clock, logger } = this.#config
    const owned = new Set(this.tasks().map(({ id }) => id))
    if (this.#topology.globalStores.size > 0) owned.add(globalTask)
    // between two assignments nothing is owned, but all of it may be needed again in a moment
    if (this.#state !== 'RUNNING') return
    try {
      const now = clock.now()
      const removed = await removeObsoleteTaskDirectories(
        stateDirectory,
        applicationId,
        owned,
        stateCleanupDelayMs,
        now
      )
      if (removed.length > 0)
        logger.info(`removed the state of tasks that are elsewhere now: ${removed.join(', ')}`)
    } catch (error) {
      logger.warn(`state of former tasks was not removed: ${(error as Error).message}`)
    }
  }

  async #release(): Promise<void> {
    this.#disk.close()
    clearInterval(this.#cleanup)
    await this.#globals?.close()
    await this.#membership?.close({ leave: this.#leaveGroup })
    await this.#admin?.close()
  }

  /**
   * Commits, closes the stores and lets go of the brokers. Rejects with the error that ended the application, if one did.
   *
   * A member keeps its place in the group for the session timeout, so that a restart finds it. With `leaveGroup` it gives the place up at
   * once: for a process that does not come back, or comes back without its state directory.
   */
  async close(options: { readonly leaveGroup?: boolean } = {}): Promise<void> {
    this.#leaveGroup = options.leaveGroup ?? false
    if (this.#thread === undefined) {
      this.#disk.close()
      await this.#admin?.close()
      this.#state = 'NOT_RUNNING'
      this.#finished.resolve()
      return
    }
    if (this.#state !== 'ERROR') this.#state = 'PENDING_SHUTDOWN'
    this.#thread.stop()
    await this.#running
    await this.#finished.promise
  }

  /**
   * Records between the committed positions and the ends of all topics that the graph reads, internal ones included. 0 while nobody writes to
   * its sources: everything was processed, and its outputs are in their topics.
   */
  async lag(): Promise<StreamsLag> {
    if (this.#admin === undefined || this.#plan === undefined)
      throw new StreamsError('CONFIG_INVALID', `lag was called in state ${this.#state}`)
    const inputs = this.#plan.tasks.flatMap((task) => task.inputs)
    // positions first: what they had written by then is below the ends read after them
    const committed = await this.#admin.groupOffsets(this.#config.applicationId, inputs)
    const [earliest, ends] = await Promise.all([
      this.#admin.listOffsets(inputs, 'earliest'),
      this.#admin.listOffsets(inputs, 'latest')
    ])
    let records = 0
    let total = 0
    for (const [name, end] of ends) {
      const begin = earliest.get(name) ?? 0
      total += end - begin
      records += Math.max(0, end - (committed.get(name) ?? begin))
    }
    return { records, total }
  }

  /**
   * Rebuilds one task (`<sub-topology>_<partition>`): empties its stores and fills them again from their changelogs, while the other tasks go
   * on. Resolves when it runs again. Throws STORE_UNKNOWN if the task does not run in this process.
   *
   * A global table is rebuilt from its topic when the application starts without its folder, `<application>/global/<store>`.
   */
  async rebuildTask(taskId: string): Promise<void> {
    if (this.#thread === undefined)
      throw new StreamsError('STORE_UNKNOWN', `no task ${taskId} runs here: the application was not started`)
    await this.#thread.rebuild(taskId)
  }

  /**
   * The parts of a key-value store that are in this process, one per task, or a global table's only store; uncommitted changes are seen. Throws
   * STORE_UNKNOWN.
   */
  keyValueStores<K, V>(name: string): readonly ReadOnlyKeyValueStore<K, V>[] {
    return this.#stores(name, 'key-value') as unknown as readonly ReadOnlyKeyValueStore<K, V>[]
  }

  /** The parts of a window store that are in this process, one per task; uncommitted changes are seen. Throws STORE_UNKNOWN. */
  windowStores<K, V>(name: string): readonly ReadOnlyWindowStore<K, V>[] {
    return this.#stores(name, 'window') as unknown as readonly ReadOnlyWindowStore<K, V>[]
  }

  /** What the store of that name is. Throws STORE_UNKNOWN. */
  storeDefinition(name: string): StoreDefinition {
    const definition = this.#topology.stores.get(name)
    if (definition !== undefined) return definition
    const global = this.#topology.globalStores.get(name)
    if (global === undefined) throw new StreamsError('STORE_UNKNOWN', `the graph has no store "${name}"`)
    const { key, value } = global.topic
    return { kind: 'key-value', name, key, value, logged: true, cached: true }
  }

  /** The tasks, of whatever process, that have a part of a store: one for each partition, in their order. Throws STORE_UNKNOWN. */
  storeTasks(name: string): readonly string[] {
    if (this.#topology.globalStores.has(name)) return [globalTask]
    const tasks = this.#plan?.tasks ?? []
    const found = tasks.filter(({ subTopology }) => subTopology.stores.includes(name)).map(({ id }) => id)
    if (found.length === 0) throw new StreamsError('STORE_UNKNOWN', `no task has a store "${name}"`)
    return found
  }

  /** The parts of a store of any kind that are open in this process, copies included. For queries: see `askForKey`. */
  localStores(name: string): readonly LocalStore[] {
    const store = this.#globals?.stores.get(name)
    if (store !== undefined)
      return [{ task: globalTask, role: 'global', running: true, lag: undefined, store }]
    return this.#thread?.stores(name) ?? []
  }

  #stores(name: string, kind: 'key-value' | 'window'): readonly unknown[] {
    if (kind === 'key-value' && this.#topology.globalStores.has(name)) {
      const global = this.#globals?.stores.get(name)
      return global === undefined ? [] : [global]
    }
    if (this.#topology.stores.get(name)?.kind !== kind)
      throw new StreamsError('STORE_UNKNOWN', `the graph has no ${kind} store "${name}"`)
    const tasks = this.#thread?.tasks ?? []
    return tasks.flatMap((task) =>
      task.stores.map(({ store }) => store).filter((store) => store.name === name)
    )
  }
}
