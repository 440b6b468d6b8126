import { join } from 'node:path'
import pg from 'pg'
import { Registry } from 'prom-client'
import {
  ApplicationServer,
  bytes,
  type CloseOptions,
  type KafkaClient,
  KafkaStreams,
  type Logger,
  migrate,
  partitionName,
  type ReadOnlyKeyValueStore,
  type RestoreProgress,
  resetApplication,
  SinkMetrics,
  SinkTask,
  string,
  type Topology,
  topic
} from '../index.ts'
import { unpublishedDaysStore } from '../processors/retail/publish-days.ts'
import { tallyStore } from '../processors/retail/tally-rows.ts'
import { untranslatedDaysStore } from '../processors/retail/translate-days.ts'
import { retailMigrations } from '../sinks/retail/migrations/index.ts'
import { type AnyAnalysis, analysisGauge } from '../sinks/retail/own-analysis.ts'
import { createTable } from '../sinks/retail/table-of.ts'
import type { TrainingSetOptions } from '../sinks/retail/training-sets.ts'
import { retailTopology } from '../topology/retail/index.ts'
import { waitingStores } from './analysis-tables.ts'
import {
  gaugeSinks,
  ownAnalysisSinks,
  type RetailSink,
  retailSinks,
  trainingSetsSink
} from './retail-sinks.ts'

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
  /** Where line items become training sets, and the day from which they are for validation; undefined: nowhere. */
  readonly trainingSets?: Omit<TrainingSetOptions, 'name'>
  /** Where Prometheus finds `/metrics`, probes `/healthz` and `/readyz`, and people `/stores`, on 127.0.0.1; undefined: nowhere. */
  readonly metricsPort?: number | undefined
  /** Other applications of this process, and further metrics, that are shown there, too. */
  readonly alongside?: readonly KafkaStreams[]
  readonly registries?: readonly Registry[]
  /** Another graph than the retail system's own, such as one with further analyses. */
  readonly topology?: Topology | undefined
  /** One's own, beside those of the retail system's graph. Default: none. */
  readonly analyses?: readonly AnyAnalysis[]
  /** The lock file that the graph must fit. Default: the retail system's own. */
  readonly topologyLock?: string
  /** What this process does of it. Default: all. */
  readonly roles?: readonly RetailRole[]
  /** Tells processes that carry the same results outside from each other. Default: there is one. */
  readonly replica?: string
  /** Copies of each stateful task that other processes keep warm. Default 0. */
  readonly standbys?: number
  /** After how long without a sign of life its tasks go to others, ms. Default 10,000. */
  readonly sessionTimeoutMs?: number
  /** Where the other processes ask for the keys that this one holds, `host:port`; undefined: they do not. */
  readonly applicationServer?: string | undefined
}

/** The graph, or the sinks that carry its results outside. */
export type RetailRole = 'graph' | 'sinks'

export interface Lag {
  /** Still to be done. */
  readonly records: number
  readonly total: number
}

const APPLICATION = 'retail'
const ownLock = join(import.meta.dirname, '../topology/retail/topology.lock.json')
/** Results are there soon after the last file, however long commits are while files come. */
const IDLE_COMMIT_INTERVAL_MS = 500
/** Others see by the group's positions how far the sinks are. */
const SINK_COMMIT_INTERVAL_MS = 1_000
/** Room for what changes between two commits: a full write buffer asks for a commit, too. */
const CACHE_MAX_BYTES = 256 * 1024 * 1024
/** One process: nobody else waits for its place, but its own successor may. */
const SESSION_TIMEOUT_MS = 10_000

/** Stores of what is told a moment later. */
const heldBackStores = [
  untranslatedDaysStore.name,
  unpublishedDaysStore.name,
  tallyStore('lineItems').name,
  tallyStore('ledgers').name,
  ...waitingStores
]

/** Records that a sink refused, with where they came from. */
export const sinkDeadLetters = topic('retail.dead-letters.sinks', { key: string(), value: bytes() })

/** The retail graph and the sinks that carry its results outside, in one process. */
export class RetailApp {
  readonly #options: RetailAppOptions
  readonly #streams: KafkaStreams
  readonly #sinks: { readonly task: SinkTask<string, never>; readonly topic: string }[] = []
  readonly #closers: (() => Promise<void>)[] = []
  /** What sinks tell, and what is told with it. */
  readonly #registry = new Registry()
  readonly #sinkMetrics = new SinkMetrics(this.#registry)
  readonly #analysisGauge = analysisGauge(this.#registry)
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
      idleCommitIntervalMs: IDLE_COMMIT_INTERVAL_MS,
      cacheMaxBytes: CACHE_MAX_BYTES,
      sessionTimeoutMs: options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
      applicationServer: options.applicationServer,
      // what is no product or store to its schema; rows of files have dead letters of their own
      deserializationExceptionHandler: 'dead-letter',
      deadLetterTopic: 'retail.dead-letters.graph',
      topologyLock: options.topologyLock ?? ownLock,
      numStandbyReplicas: options.standbys ?? 0,
      logger: options.logger,
      onRestore: options.onRestore
    })
  }

  /** The graph: for its health, its metrics and its stores. */
  get application(): KafkaStreams {
    return this.#streams
  }

  /** What the sinks tell. */
  get registry(): Registry {
    return this.#registry
  }

  async start(): Promise<void> {
    const { kafka, metricsPort, logger, roles = ['graph', 'sinks'] } = this.#options
    if (metricsPort !== undefined) {
      const graph = roles.includes('graph') ? [this.#streams] : []
      const applications = [...graph, ...(this.#options.alongside ?? [])]
      const registries = [this.#registry, ...(this.#options.registries ?? [])]
      const server = new ApplicationServer({ applications, registries, logger })
      const port = await server.listen(metricsPort)
      logger.info(`the live graph on http://127.0.0.1:${port}/live; metrics, health and stores beside it`)
      this.#closers.push(() => server.close())
    }
    const sinks = roles.includes('sinks') ? this.#allSinks() : []
    await allOf([...(sinks.length > 0 ? [this.#migrate()] : []), this.#createTopics(kafka)])
    await allOf([
      ...(roles.includes('graph') ? [this.#startGraph()] : []),
      ...sinks.map((one) => this.#startSink(one))
    ])
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
    const { topology, reportingCurrency, analyses = [] } = this.#options
    if (topology !== undefined) return topology
    return retailTopology({
      analyses: analyses.map(({ build }) => build),
      ...(reportingCurrency === undefined ? {} : { reportingCurrency })
    })
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
  async close(options: CloseOptions = { leaveGroup: true }): Promise<void> {
    const streams = this.#streams.close(options)
    await streams.catch(() => undefined)
    const leave = options.leaveGroup === true
    await Promise.all([...new Set(this.#sinks.map(({ task }) => task))].map((task) => task.close({ leave })))
    for (const close of this.#closers) await close()
    await streams
  }

  #startGraph(): Promise<void> {
    const started = this.#streams.start()
    this.#streams.finished.catch(this.#fail)
    return started
  }

  async #migrate(): Promise<void> {
    const { databaseUrl, analyses = [] } = this.#options
    const pool = new pg.Pool({ connectionString: databaseUrl })
    try {
      const own = analyses.map(({ table }) => ({ id: `analysis ${table.table}`, sql: createTable(table) }))
      await migrate(pool, [...retailMigrations, ...own])
    } finally {
      await pool.end()
    }
  }

  async #createTopics(kafka: KafkaClient): Promise<void> {
    const admin = kafka.admin(`${APPLICATION}-topics`)
    try {
      const sinkTopics = [...this.#allSinks().flatMap((one) => one.topics), sinkDeadLetters]
      await admin.createTopics(
        [...new Set(sinkTopics)].map((one) => ({
          name: one.name,
          partitions: one.partitions,
          configs: { 'cleanup.policy': one.cleanupPolicy, 'retention.ms': String(one.retentionMs) }
        }))
      )
    } finally {
      await admin.close()
    }
  }

  #allSinks(): readonly RetailSink[] {
    const { trainingSets, analyses = [] } = this.#options
    return [
      ...retailSinks,
      ...analyses.flatMap((analysis) => ownAnalysisSinks(analysis, this.#analysisGauge)),
      ...gaugeSinks(this.#registry),
      ...(trainingSets === undefined ? [] : [trainingSetsSink(trainingSets)])
    ]
  }

  async #startSink({ name, topics, open }: RetailSink): Promise<void> {
    const {
      kafka,
      databaseUrl,
      elasticsearchUrl,
      replica,
      sessionTimeoutMs = SESSION_TIMEOUT_MS
    } = this.#options
    const groupId = sinkGroup(name)
    const instanceId = replica === undefined ? groupId : `${groupId}-${replica}`
    const producer = await kafka.producer({ clientId: `${instanceId}-dead-letters` })
    this.#closers.push(() => producer.close())
    const task = new SinkTask({
      client: kafka,
      groupId,
      instanceId,
      sessionTimeoutMs,
      commitIntervalMs: SINK_COMMIT_INTERVAL_MS,
      topics,
      sink: open(name, {
        postgres: { connectionString: databaseUrl, max: 2 },
        elasticsearch: elasticsearchUrl
      }),
      deadLetters: { topic: sinkDeadLetters.name, producer }
    })
    task.failed.then(this.#fail)
    await task.start()
    this.#sinkMetrics.watch(name, task)
    for (const topic of topics) this.#sinks.push({ task, topic: topic.name })
  }
}

/** The consumer group of a sink. */
export function sinkGroup(name: string): string {
  return `${APPLICATION}-sink-${name}`
}

/** Also after a failure the others are waited for: what they have begun must be there to be closed. */
async function allOf(parts: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(parts)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

function hasNothing(store: ReadOnlyKeyValueStore<unknown, unknown>): boolean {
  for (const _ of store.all()) return false
  return true
}
