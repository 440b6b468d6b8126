import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CloseOptions,
  type KafkaClient,
  KafkaStreams,
  type Logger,
  type RestoreProgress,
  StreamsError,
  silentLogger
} from '../index.ts'
import type { FileEvent } from '../processors/retail/file-event.ts'
import { bucketsByName, type CountryBucket } from './buckets.ts'
import { type BadNotification, EventWriter } from './events/event-writer.ts'
import { type IngestTopics, referenceRoutes } from './ingest-topics.ts'
import { ingestTopology } from './ingest-topology.ts'
import type { ObjectStore } from './object-store.ts'
import { progressStore, type ReadFiles } from './read-files.ts'
import { ByteBudget } from './reading/byte-budget.ts'
import type { FileProgress } from './reading/file-progress.ts'
import { ReadingPool } from './reading/reading-pool.ts'
import { type IngestProgress, noProgress, plus } from './reading/reading-progress.ts'
import { VersionSource } from './reading/version-source.ts'
import { type ScanResult, scanBucket } from './scan.ts'

export interface IngestOptions {
  readonly kafka: KafkaClient
  readonly objectStore: ObjectStore
  readonly buckets: readonly CountryBucket[]
  readonly topics: IngestTopics
  /** Folder for local state; one process at a time. */
  readonly stateDirectory: string
  /** Default `retail-ingest`. */
  readonly applicationId?: string
  /**
   * A bucket that keeps a copy of each version that was read. Without it a file in a bucket without versions can be read once, but not
   * corrected, and is lost when it is replaced while being read.
   */
  readonly archive?: string
  /** What the removal of an object does to its rows. Default `keep`. */
  readonly onRemoved?: 'keep' | 'retract'
  /**
   * How often all buckets are looked through for what events missed, ms, every 24 days at the least; the first time at the start. Default: only when
   * `scan` is called.
   */
  readonly scanIntervalMs?: number
  /** Most bytes read and not yet handed to Kafka. Default 16 MiB. */
  readonly budgetBytes?: number
  /** Files that are read at once. Default 8. */
  readonly filesAtOnce?: number
  /** How long a bucket's sales wait for a reference file that the object store refuses, ms. Default 60,000. */
  readonly referenceWaitMs?: number
  /** Default 200. */
  readonly commitIntervalMs?: number
  /** Default 45,000. */
  readonly sessionTimeoutMs?: number
  /** Where the other processes ask for what this one holds, `host:port`. Default: they do not. */
  readonly applicationServer?: string | undefined
  readonly logger?: Logger
  readonly onRestore?: (progress: RestoreProgress) => void
}

/**
 * What is known of a file is needed while it is read, and then hardly ever: less than a graph's defaults is enough. A write buffer must take
 * what one turn of `ReadFiles` changes.
 */
const memory = { cacheMaxBytes: 8 * 1024 * 1024, stateMemoryBytes: 64 * 1024 * 1024 }

/** A timer that is asked for longer goes off at once. */
const longestTimerMs = 2 ** 31 - 1

/**
 * Brings the files of buckets into Kafka, each version once, whatever is killed: a Kafka Streams application of its own, exactly-once, that reads
 * file events and writes chunks of rows, reference data, and what became of each file.
 *
 *   start -> (announce | scan)* -> close
 */
export class Ingest {
  readonly #options: IngestOptions
  readonly #logger: Logger
  readonly #buckets: ReadonlyMap<string, CountryBucket>
  readonly #streams: KafkaStreams
  readonly #closing = new AbortController()
  readonly #readings = new Set<ReadFiles>()
  #rowsForwarded = 0
  #writer: EventWriter | undefined
  #scanning: Promise<void> | undefined
  /** Rejects with what ends the ingest; never resolves. */
  readonly failed: Promise<never>

  /** Throws CONFIG_INVALID. */
  constructor(options: IngestOptions) {
    this.#options = options
    this.#logger = options.logger ?? silentLogger
    this.#buckets = bucketsByName(options.buckets)
    const { kafka, objectStore, topics, stateDirectory, archive, applicationServer, onRestore } = options
    const topology = ingestTopology(topics, {
      shared: {
        buckets: this.#buckets,
        store: objectStore,
        source: new VersionSource(objectStore, archive),
        references: referenceRoutes(topics),
        pool: new ReadingPool(options.filesAtOnce ?? 8, options),
        budget: new ByteBudget(options.budgetBytes ?? 16 * 1024 * 1024),
        retractsRemoved: options.onRemoved === 'retract',
        logger: this.#logger
      },
      onCreated: (reading) => this.#readings.add(reading),
      onClosed: (reading) => this.#readings.delete(reading),
      onRows: (rows) => {
        this.#rowsForwarded += rows
      }
    })
    this.#streams = new KafkaStreams(topology, {
      applicationId: options.applicationId ?? 'retail-ingest',
      kafka,
      stateDirectory,
      processingGuarantee: 'exactly_once_v2',
      commitIntervalMs: options.commitIntervalMs ?? 200,
      sessionTimeoutMs: options.sessionTimeoutMs ?? 45_000,
      logger: this.#logger,
      // an event that is none must not end the reading of files
      deserializationExceptionHandler: 'dead-letter',
      deadLetterTopic: topics.eventDeadLetters.name,
      ...memory,
      ...(applicationServer === undefined ? {} : { applicationServer }),
      ...(onRestore === undefined ? {} : { onRestore }),
      onCommitPoint: (point) => {
        if (point === 'after step 5') for (const reading of this.#readings) reading.markCommitted()
      }
    })
    this.failed = this.#streams.finished.then(() => new Promise<never>(() => undefined))
    this.failed.catch(() => undefined)
  }

  /** Makes missing topics and the archive bucket, and begins to read what is announced. Throws BROKER_UNAVAILABLE, TOPIC_MISMATCH, OBJECT_STORE_UNAVAILABLE. */
  async start(): Promise<void> {
    const {
      kafka,
      topics,
      archive,
      objectStore,
      applicationId = 'retail-ingest',
      scanIntervalMs
    } = this.#options
    if (archive !== undefined) await objectStore.ensureBucket(archive)
    this.#writer = await EventWriter.open(kafka, `${applicationId}-events`, topics)
    await this.#streams.start()
    if (scanIntervalMs !== undefined) this.#scanning = this.#scanForEver(scanIntervalMs)
  }

  /** Resolves when the events are safe in Kafka; they may be older, newer or the same as others. Throws PRODUCE_FAILED. */
  async announce(events: readonly FileEvent[]): Promise<void> {
    await this.#started().announce(events)
  }

  /** Keeps a notification that could not be understood. Throws PRODUCE_FAILED. */
  async deadLetter(notification: BadNotification): Promise<void> {
    await this.#started().deadLetter(notification)
  }

  /**
   * Announces all objects of the buckets that are not known as they are now, and the absence of those that are gone. What another process's
   * tasks know of a bucket is not known here: then all of it is announced, and found to be old there. Throws OBJECT_STORE_UNAVAILABLE, PRODUCE_FAILED, when the other
   * buckets were looked through.
   */
  async scan(): Promise<ScanResult> {
    const writer = this.#started()
    let objects = 0
    let announced = 0
    const failures: unknown[] = []
    for (const bucket of this.#buckets.keys()) {
      try {
        const result = await scanBucket(bucket, {
          store: this.#options.objectStore,
          announce: writer.announce,
          known: (name, from, to) => this.#known(name, from, to),
          signal: this.#closing.signal
        })
        objects += result.objects
        announced += result.announced
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
    return { objects, announced }
  }

  /** What runs it: for its health, its metrics and its stores. */
  get application(): KafkaStreams {
    return this.#streams
  }

  /** How far it is with all files that it has heard of, in this process's tasks; what is not committed yet is among it. */
  get progress(): IngestProgress {
    return [...this.#readings].reduce((sum, { progress }) => plus(sum, progress), noProgress)
  }

  /** Rows of files that this process has handed on since it began, those that take former ones back included; rows of aborted transactions, too. */
  get rowsForwarded(): number {
    return this.#rowsForwarded
  }

  /** True when all files that were announced before are done, rejected or removed, and that is committed: their rows are in the raw topic. */
  async isFinished(): Promise<boolean> {
    if (this.#streams.state !== 'RUNNING') return false
    const { records } = await this.#streams.lag()
    if (records > 0) return false
    const unfinished = ({ files, filesTotal }: IngestProgress) => files < filesTotal
    return ![...this.#readings].some(
      ({ committed, progress }) =>
        unfinished(committed) || unfinished(progress) || committed.filesTotal < progress.filesTotal
    )
  }

  /** Commits and lets go; what is half read goes on at the next start. Rejects with the error that ended the ingest, if one did. */
  async close(options: CloseOptions = {}): Promise<void> {
    this.#closing.abort()
    await this.#scanning
    await this.#writer?.close().catch(() => undefined)
    await this.#streams.close(options)
  }

  #started(): EventWriter {
    if (this.#writer === undefined) throw new StreamsError('CONFIG_INVALID', 'the ingest was not started')
    return this.#writer
  }

  #known(bucket: string, from: string, to: string | null): readonly FileProgress[] {
    const stores = this.#streams.keyValueStores<string, FileProgress>(progressStore.name)
    const low = `${bucket}/${from}`
    // "0" is what comes after "/"
    const high = to === null ? `${bucket}0` : `${bucket}/${to}`
    return stores.flatMap((store) => [...store.range(low, high)].map(({ value }) => value))
  }

  async #scanForEver(intervalMs: number): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        const { objects, announced } = await this.scan()
        if (announced > 0)
          this.#logger.info(`scan: ${announced} of ${objects} objects were not known as they are`)
      } catch (error) {
        if (!signal.aborted) this.#logger.warn(`scan: ${(error as Error).message}; the next one will see`)
      }
      // at once if it was closed during the scan
      await sleep(Math.min(intervalMs, longestTimerMs), undefined, { signal }).catch(() => undefined)
    }
  }
}
