import pg from 'pg'
import {
  bytes,
  elasticsearchSink,
  type KafkaClient,
  KafkaStreams,
  type Logger,
  MetricsServer,
  migrate,
  partitionName,
  postgresSink,
  type ReadOnlyKeyValueStore,
  type RestoreProgress,
  resetApplication,
  SinkTask,
  string,
  type TableMapping,
  type Topic,
  topic
} from '../index.ts'
import { unpublishedDaysStore } from '../processors/retail/publish-days.ts'
import { tallyStore } from '../processors/retail/tally-rows.ts'
import { retailMigrations } from '../sinks/retail/migrations/index.ts'
import { profitAndLossTable } from '../sinks/retail/profit-and-loss-table.ts'
import { skuIndex } from '../sinks/retail/sku-index.ts'
import {
  categoryDaysTable,
  filesTable,
  lineItemsTable,
  reconciliationTable,
  skuDaysTable,
  skusTable,
  storeDaysTable
} from '../sinks/retail/tables.ts'
import { type TrainingSetOptions, trainingSets } from '../sinks/retail/training-sets.ts'
import { retailTopology } from '../topology/retail/index.ts'
import * as topics from '../topology/retail/topics.ts'
import { analysisSink, analysisTopics, waitingStores } from './analysis-tables.ts'

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
  /** Where Prometheus finds `/metrics`; undefined: nowhere. */
  readonly metricsPort?: number
}

export interface Lag {
  /** Still to be done. */
  readonly records: number
  readonly total: number
}

const APPLICATION = 'retail'
/** One process: nobody else waits for its place, but its own successor may. */
const SESSION_TIMEOUT_MS = 10_000

/** Stores of what is told a moment later. */
const heldBackStores = [
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
      logger: options.logger,
      onRestore: options.onRestore
    })
  }

  async start(): Promise<void> {
    const { databaseUrl, kafka, metricsPort, logger } = this.#options
    const pool = new pg.Pool({ connectionString: databaseUrl })
    try {
      await migrate(pool, retailMigrations)
    } finally {
      await pool.end()
    }
    if (metricsPort !== undefined) {
      const server = new MetricsServer(this.#streams.metrics.registry)
      logger.info(`metrics on http://127.0.0.1:${await server.listen(metricsPort)}/metrics`)
      this.#closers.push(() => server.close())
    }
    await this.#createTopics(kafka)
    await this.#streams.start()
    this.#streams.finished.catch(this.#fail)
    await this.#table(topics.files, filesTable)
    await this.#table(topics.lineItems, lineItemsTable)
    await this.#table(topics.storeDays, storeDaysTable)
    await this.#table(topics.skuDays, skuDaysTable)
    await this.#table(topics.categoryDays, categoryDaysTable)
    await this.#table(topics.skuSales, skusTable)
    await this.#table(topics.profitAndLoss, profitAndLossTable)
    await this.#table(topics.reconciliation, reconciliationTable)
    await this.#sink('analyses', analysisTopics, (name) => analysisSink(name, this.#options.databaseUrl))
    const { trainingSets: training } = this.#options
    if (training !== undefined)
      await this.#sink('training-sets', topics.lineItems, (name) => trainingSets({ name, ...training }))
    await this.#sink('sku-search', topics.skuSales, (name) =>
      elasticsearchSink({ name, connection: this.#options.elasticsearchUrl, ...skuIndex })
    )
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

  #topology() {
    const { reportingCurrency } = this.#options
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
      const sinkTopics: readonly Topic<string, never>[] = [
        topics.files,
        topics.lineItems,
        topics.storeDays,
        topics.skuDays,
        topics.categoryDays,
        topics.skuSales,
        topics.profitAndLoss,
        topics.reconciliation,
        ...analysisTopics,
        sinkDeadLetters
      ] as never
      await admin.createTopics(
        sinkTopics.map((one) => ({
          name: one.name,
          partitions: one.partitions,
          configs: { 'cleanup.policy': one.cleanupPolicy, 'retention.ms': String(one.retentionMs) }
        }))
      )
    } finally {
      await admin.close()
    }
  }

  async #table<V>(source: Topic<string, V>, table: TableMapping<string, V>): Promise<void> {
    const { databaseUrl } = this.#options
    await this.#sink(table.table.replaceAll('_', '-'), source, (name) =>
      postgresSink({ name, connection: { connectionString: databaseUrl, max: 2 }, tables: [table] })
    )
  }

  async #sink<V>(
    name: string,
    source: Topic<string, V> | readonly Topic<string, V>[],
    make: (name: string) => ConstructorParameters<typeof SinkTask<string, V>>[0]['sink']
  ): Promise<void> {
    const { kafka } = this.#options
    const groupId = `${APPLICATION}-sink-${name}`
    const sources = 'name' in source ? [source] : source
    const producer = await kafka.producer({ clientId: `${groupId}-dead-letters` })
    this.#closers.push(() => producer.close())
    const task = new SinkTask({
      client: kafka,
      groupId,
      instanceId: groupId,
      topics: sources,
      sink: make(name),
      deadLetters: { topic: sinkDeadLetters.name, producer }
    })
    task.failed.then(this.#fail)
    await task.start()
    for (const { name: topic } of sources)
      this.#sinks.push({ task: task as unknown as SinkTask<string, never>, topic })
  }
}

function hasNothing(store: ReadOnlyKeyValueStore<unknown, unknown>): boolean {
  for (const _ of store.all()) return false
  return true
}
