import pg from 'pg'
import {
  bytes,
  type KafkaClient,
  KafkaStreams,
  type Logger,
  MetricsServer,
  migrate,
  partitionName,
  type ReadOnlyKeyValueStore,
  type RestoreProgress,
  resetApplication,
  SinkTask,
  string,
  type Topic,
  type Topology,
  topic
} from '../index.ts'
import { unpublishedDaysStore } from '../processors/retail/publish-days.ts'
import { tallyStore } from '../processors/retail/tally-rows.ts'
import { retailMigrations } from '../sinks/retail/migrations/index.ts'
import { retailTopology } from '../topology/retail/index.ts'
import { type RetailSink, retailSinks } from './retail-sinks.ts'

export interface RetailAppOptions {
  readonly kafka: KafkaClient
  readonly databaseUrl: string
  readonly elasticsearchUrl: string
  readonly stateDirectory: string
  /** ISO 4217. Default USD. */
  readonly reportingCurrency?: string
  readonly commitIntervalMs: number
  readonly logger: Logger
  readonly onRestore: (progress: RestoreProgress) => void
  /** Where Prometheus finds `/metrics`; undefined: nowhere. */
  readonly metricsPort?: number | undefined
  /** Another graph than the retail system's own, such as one with further analyses. */
  readonly topology?: Topology | undefined
  /** What this process does of it. Default: all. */
  readonly roles?: readonly RetailRole[]
  /** Tells processes that run the same roles from each other. Default: there is one. */
  readonly replica?: string
  /** The lock file that the graph must fit. Default: not checked. */
  readonly topologyLock?: string | undefined
  /** Copies of each stateful task that other processes keep warm. Default 0. */
  readonly standbys?: number
}

/** The graph, or the sinks that carry its results outside. */
export type RetailRole = 'graph' | 'sinks'

export interface Lag {
  /** Still to be done. */
  readonly records: number
  readonly total: number
}

const APPLICATION = 'retail'
/** One process: nobody else waits for its place, but its own successor may. */
const SESSION_TIMEOUT_MS = 10_000

/** Stores of what is told a moment later. */
const heldBackStores = [unpublishedDaysStore.name, tallyStore('lineItems').name, tallyStore('ledgers').name]

/** Records that a sink refused, with where they came from. */
export const sinkDeadLetters = topic('retail.dead-letters.sinks', { key: string(), value: bytes() })

/** The retail graph and the sinks that carry its results outside, in one process. */
export class RetailApp {
  readonly #options: RetailAppOptions
  readonly #streams: KafkaStreams
  readonly #sinks: { readonly task: SinkTask<string, never>; readonly topic: string }[] = []
  readonly #closers: (() => Promise<void>)[] = []
  /** Rejects with what ends the graph or a sink; never resolves before `close`. */
  readonly failed: Promise<never>
  readonly #fail: (error: Error) => void

  constructor(options: RetailAppOptions) {
    this.#options = options
    const { promise, reject } = Promise.withResolvers<never>()
    this.failed = promise
    this.failed.catch(() => undefined)
    this.#fail = reject
    this.#streams = new KafkaStreams(this.#topology(), {
      applicationId: APPLICATION,
      kafka: options.kafka,
      stateDirectory: options.stateDirectory,
      processingGuarantee: 'exactly_once_v2',
      commitIntervalMs: options.commitIntervalMs,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      // what is no product or store to its schema; rows of files have dead letters of their own
      deserializationExceptionHandler: 'dead-letter',
      deadLetterTopic: 'retail.dead-letters.graph',
      topologyLock: options.topologyLock,
      numStandbyReplicas: options.standbys ?? 0,
      logger: options.logger,
      onRestore: options.onRestore
    })
  }

  async start(): Promise<void> {
    const { databaseUrl, kafka, metricsPort, logger, roles = ['graph', 'sinks'] } = this.#options
    if (roles.includes('sinks')) await this.#migrate(databaseUrl)
    if (metricsPort !== undefined) {
      const server = new MetricsServer(this.#streams.metrics.registry)
      logger.info(`metrics on http://127.0.0.1:${await server.listen(metricsPort)}/metrics`)
      this.#closers.push(() => server.close())
    }
    await this.#createTopics(kafka)
    if (roles.includes('graph')) {
      await this.#streams.start()
      this.#streams.finished.catch(this.#fail)
    }
    if (roles.includes('sinks')) for (const sink of retailSinks) await this.#sink(sink)
  }

  async #migrate(databaseUrl: string): Promise<void> {
    const pool = new pg.Pool({ connectionString: databaseUrl })
    try {
      await migrate(pool, retailMigrations)
    } finally {
      await pool.end()
    }
  }

  /** Makes the graph start over from its sources, before `start`. Throws GROUP_NOT_EMPTY while another process runs it. */
  async reset(): Promise<void> {
    const { kafka, stateDirectory, logger } = this.#options
    await this.#createTopics(kafka)
    await resetApplication({
      topology: this.#topology(),
      applicationId: APPLICATION,
      kafka,
      stateDirectory,
      logger
    })
  }

  #topology(): Topology {
    const { topology, reportingCurrency } = this.#options
    if (topology !== undefined) return topology
    return retailTopology(reportingCurrency === undefined ? {} : { reportingCurrency })
  }

  /** What the graph has not processed and committed yet. */
  graphLag(): Promise<Lag> {
    return this.#streams.lag()
  }

  /** True when the graph has what it needs and does its work: all state is restored. */
  isRunning(): boolean {
    return this.#streams.state === 'RUNNING'
  }

  /** True when the graph runs and holds nothing back that it tells only a moment later: counts of rows, and days to be published. */
  isSettled(): boolean {
    if (!this.isRunning()) return false
    return heldBackStores.flatMap((name) => this.#streams.keyValueStores(name)).every(hasNothing)
  }

  /** What the sinks have not carried outside yet. */
  async sinkLag(): Promise<Lag> {
    const admin = this.#options.kafka.admin(`${APPLICATION}-sink-lag`)
    try {
      const described = await admin.describeTopics(this.#sinks.map((sink) => sink.topic))
      const partitions = [...described.values()].flatMap(({ name, partitions: count }) =>
        Array.from({ length: count }, (_, partition) => ({ topic: name, partition }))
      )
      const ends = await admin.listOffsets(partitions, 'latest')
      let records = 0
      let total = 0
      // a topic may have several sinks
      for (const sink of this.#sinks) {
        const { partitions: positions } = sink.task.progress()
        for (const { topic: name, partition } of partitions) {
          if (name !== sink.topic) continue
          const end = ends.get(partitionName(name, partition)) ?? 0
          total += end
          records += Math.max(0, end - (positions.get(partitionName(name, partition))?.position ?? 0))
        }
      }
      return { records, total }
    } finally {
      await admin.close()
    }
  }

  /** Commits and closes everything: first the graph, then the sinks that follow it. */
  async close(): Promise<void> {
    const streams = this.#streams.close({ leaveGroup: true })
    await streams.catch(() => undefined)
    await Promise.all([...new Set(this.#sinks.map(({ task }) => task))].map((task) => task.close()))
    for (const close of this.#closers) await close()
    await streams
  }

  async #createTopics(kafka: KafkaClient): Promise<void> {
    const admin = kafka.admin(`${APPLICATION}-topics`)
    try {
      const sinkTopics = new Map<string, Omit<Topic<unknown, unknown>, 'key' | 'value'>>(
        [...retailSinks.flatMap(({ topics }) => topics), sinkDeadLetters].map((one) => [one.name, one])
      )
      await admin.createTopics(
        [...sinkTopics.values()].map((one) => ({
          name: one.name,
          partitions: one.partitions,
          configs: { 'cleanup.policy': one.cleanupPolicy, 'retention.ms': String(one.retentionMs) }
        }))
      )
    } finally {
      await admin.close()
    }
  }

  async #sink({ groupId, topics, make }: RetailSink): Promise<void> {
    const { kafka, replica } = this.#options
    const instanceId = replica === undefined ? groupId : `${groupId}-${replica}`
    const producer = await kafka.producer({ clientId: `${instanceId}-dead-letters` })
    this.#closers.push(() => producer.close())
    const task = new SinkTask<string, never>({
      client: kafka,
      groupId,
      instanceId,
      topics,
      sink: make(this.#options),
      commitIntervalMs: 1_000,
      deadLetters: { topic: sinkDeadLetters.name, producer }
    })
    task.failed.then(this.#fail)
    await task.start()
    for (const { name } of topics) this.#sinks.push({ task, topic: name })
  }
}

function hasNothing(store: ReadOnlyKeyValueStore<unknown, unknown>): boolean {
  for (const _ of store.all()) return false
  return true
}
