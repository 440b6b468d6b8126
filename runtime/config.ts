import { type Clock, systemClock } from '../core/clock.ts'
import { StreamsError } from '../core/errors.ts'
import { type Logger, silentLogger } from '../core/logger.ts'
import type { KafkaClient } from '../kafka/port/client.ts'
import type { EngineKind } from '../state/engine.ts'
import type { CommitPoint } from './task/commit.ts'
import { defaultDeadLetterTopic, type ErrorHandlers, failingHandlers } from './task/error-handlers.ts'
import type { ThreadModule } from './threads/thread-module.ts'
import type { UncaughtExceptionHandler } from './threads/uncaught.ts'
import type { Tracer } from './tracing.ts'
import { mostCommitIntervalMs } from './transaction-timeout.ts'

/** Plain settings of an application. Names follow Kafka Streams' where it has one. */
export interface StreamsConfig {
  /** Names the consumer group, and begins the names of internal topics and of the state folder. */
  readonly applicationId: string
  readonly kafka: KafkaClient
  /** Folder for local state. One process at a time may own a task's folder. */
  readonly stateDirectory: string
  /** Default `auto`: RocksDB where there is a binary for it. */
  readonly engine?: EngineKind | 'auto'
  /**
   * `processing.guarantee`. Under `exactly_once_v2` outputs, state and input positions are committed in one transaction: each record counts
   * once, whatever is killed. Default `at_least_once`: what was processed since the last commit may count twice after a crash.
   */
  readonly processingGuarantee?: 'at_least_once' | 'exactly_once_v2'
  /**
   * `commit.interval.ms`: how often it commits. Default 30,000 ms, or 100 ms under exactly-once. At most 890,000 ms under exactly-once, since brokers
   * end transactions after 900,000 ms (`transaction.max.timeout.ms`); and after a crash readers of the outputs may wait for the interval and 10,000
   * ms more.
   */
  readonly commitIntervalMs?: number
  /**
   * When there is nothing to process, what was done is committed this soon. Long commits write a key that changes often once; this keeps
   * results from waiting for one. Default, and at most: `commitIntervalMs`, as Kafka Streams does. ms
   */
  readonly idleCommitIntervalMs?: number
  /** `repartition.purge.interval.ms`: how often committed records of repartition topics are deleted. Default 30,000 ms. */
  readonly repartitionPurgeIntervalMs?: number
  /**
   * `statestore.cache.max.bytes`, for the write buffers of all stores of the process. Default 64 MiB. With 0 every update is logged and
   * forwarded at once; the stores themselves change at commits all the same.
   */
  readonly cacheMaxBytes?: number
  /**
   * Memory of the storage engines of all stores of the process: block caches and write tables, and the write buffers where `cacheMaxBytes` is 0,
   * bytes. Default 256 MiB.
   */
  readonly stateMemoryBytes?: number
  /** `state.cleanup.delay.ms`: state of tasks that are not this process's is deleted after this time. Default 600,000 ms. */
  readonly stateCleanupDelayMs?: number
  /** Processing stops while the state directory's file system has less room than this, bytes. Default 256 MiB. */
  readonly minFreeDiskBytes?: number
  /** Most fetched bytes waiting in one partition's queue before it is paused. Default 4 MiB. */
  readonly bufferedBytesPerPartition?: number
  /**
   * `max.task.idle.ms`: how long a task waits for a partition that is empty, so that it can pick the oldest record of all. 0 (the default) waits
   * only for data the broker is known to have, -1 never waits.
   */
  readonly maxTaskIdleMs?: number
  /**
   * `num.stream.threads`: how many threads share the process's tasks, each with a place of its own in the group. Without `threadModule` there
   * is one, the main thread. Default 1.
   */
  readonly threads?: number
  /**
   * With it, threads are worker threads, be it one or more, and the main thread keeps its event loop for the rest of the program. Their stores
   * cannot be read from the main thread, which keeps the global tables: a failure of these ends the application, where a single thread would make
   * them and its tasks anew. Default: none.
   */
  readonly threadModule?: ThreadModule | undefined
  /**
   * What follows when a thread has ended with an error, after all that a new start could mend was tried. Default: `shutdown-client`. A worker
   * thread that died without an error, as when it ran out of memory, is replaced without asking, 10 times in a row.
   */
  readonly uncaughtExceptionHandler?: UncaughtExceptionHandler
  /**
   * `task.timeout.ms` (KIP-572): how long brokers may be away, without a commit in between, before a thread ends with BROKER_UNAVAILABLE; 0: the
   * first time that a call has tried for as long as it may (about 60,000 ms). Default 300,000 ms.
   */
  readonly taskTimeoutMs?: number
  /**
   * `max.poll.interval.ms`: a thread that neither finishes a record nor gives its event loop a turn for this long is stuck in a function of the
   * graph. It is told by task and record, and leaves the group (of the classic protocol; else its session ends) so that others take over; a
   * worker thread ends with TASK_STUCK. The main thread cannot be ended: if the function returns, it joins anew. 0: never. Default: two thirds of
   * `sessionTimeoutMs`, 1,000 ms at least, since the heartbeats of a stuck thread stop, too.
   */
  readonly maxPollIntervalMs?: number
  /** `session.timeout.ms`: how long the group keeps the place of a silent process. Default 45,000 ms. */
  readonly sessionTimeoutMs?: number
  /** `heartbeat.interval.ms`: how soon a process learns that the group wants it to join again. Default 3,000 ms. */
  readonly heartbeatIntervalMs?: number
  /**
   * `group.protocol`. With `streams` (KIP-1071, Kafka 4.4 or later) the broker assigns the tasks, and the settings of the group there
   * (`streams.session.timeout.ms`, `streams.heartbeat.interval.ms`, `streams.num.standby.replicas`) take the place of those here about sessions,
   * standbys and warm-ups. All replicas must have the same. Default `classic`, which every broker speaks.
   */
  readonly groupProtocol?: 'classic' | 'streams'
  /**
   * `num.standby.replicas`: copies of each stateful task that other processes keep warm, to take over at once. 0 (the default): none, and who
   * takes a task over restores it from its changelogs first.
   */
  readonly numStandbyReplicas?: number
  /**
   * `max.warmup.replicas`: tasks of the whole application that are made ready at their new place at the same time, while they still run at the
   * old one. At least 1. Default 2.
   */
  readonly maxWarmupReplicas?: number
  /** `acceptable.recovery.lag`: a process that lacks at most this many changelog records may take a task over. Default 10,000 records. */
  readonly acceptableRecoveryLag?: number
  /**
   * `probing.rebalance.interval.ms`: how often the group looks whether copies have become warm, while tasks wait for that. A process whose
   * warm-ups have all caught up says so at once. Default 600,000 ms.
   */
  readonly probingRebalanceIntervalMs?: number
  /** `replication.factor` of topics that the application makes. Default -1: the brokers' own. */
  readonly replicationFactor?: number
  /** `rack.aware.assignment.tags`: standbys should differ from their active and from each other in these of the `clientTags`. Default: none. */
  readonly rackAwareTags?: readonly string[]
  /** `client.tag.*`: where this process is, such as `{ zone: 'a' }`. Default: none. */
  readonly clientTags?: Readonly<Record<string, string>>
  /**
   * `application.server`: `host:port` at which this process answers queries of others. Told to all replicas, which find by it who has a key
   * (KIP-67). Default: none.
   */
  readonly applicationServer?: string | undefined
  /** `deserialization.exception.handler`: what becomes of records that cannot be read. Default `fail`, as in Kafka Streams. */
  readonly deserializationExceptionHandler?: ErrorHandlers['deserializationExceptionHandler']
  /** `processing.exception.handler`: what becomes of records for which a step throws. Default `fail`. */
  readonly processingExceptionHandler?: ErrorHandlers['processingExceptionHandler']
  /** `production.exception.handler`: what becomes of records that cannot be written. Default `fail`. */
  readonly productionExceptionHandler?: ErrorHandlers['productionExceptionHandler']
  /**
   * `errors.dead.letter.queue.topic.name`: where handlers' dead letters go. Default `<applicationId>-dead-letters`. Where a handler may write some,
   * it is made if it is missing: 4 partitions, kept for ever, not compacted. Naming it changes no handler: one must respond `dead-letter`.
   */
  readonly deadLetterTopic?: string
  /**
   * The lock file of the graph. A graph that the state of the former one would not fit does not start: TOPOLOGY_CHANGED. Default: not checked.
   */
  readonly topologyLock?: string | undefined
  /** Whether tasks count their records, steps and ages for `metrics`; what is read at a scrape only is told all the same. Default true. */
  readonly recordMetrics?: boolean
  /**
   * Told of each batch of records that a task processes, and of each commit, as OpenTelemetry spans. The context in a record's headers
   * (`traceparent`) goes on with the record. Default: none.
   */
  readonly tracer?: Tracer | undefined
  readonly clock?: Clock
  readonly logger?: Logger
  /** Told about restoring, for progress bars: once per store at its start, then about every 100 ms, then at its end. */
  readonly onRestore?: (progress: RestoreProgress) => void
  /** Told how far a commit has come. For tests that kill the process there. */
  readonly onCommitPoint?: (point: CommitPoint) => void
}

export interface RestoreProgress {
  readonly store: string
  readonly task: string
  /** Changelog records applied so far. */
  readonly restored: number
  /** Offsets to go through in all: an upper bound of the records, since compaction leaves gaps. */
  readonly total: number
  readonly done: boolean
}

export type ResolvedConfig = Required<StreamsConfig>

const defaultSessionMs = 45_000

const leastOf = {
  threads: 1,
  taskTimeoutMs: 0,
  maxPollIntervalMs: 0,
  commitIntervalMs: 0,
  idleCommitIntervalMs: 0,
  cacheMaxBytes: 0,
  bufferedBytesPerPartition: 0,
  numStandbyReplicas: 0,
  maxWarmupReplicas: 1,
  acceptableRecoveryLag: 0,
  probingRebalanceIntervalMs: 0,
  replicationFactor: -1
}

/** Fills in the defaults. Throws CONFIG_INVALID. */
export function resolveConfig(config: StreamsConfig): ResolvedConfig {
  if (!/^[a-zA-Z0-9._-]{1,100}$/.test(config.applicationId))
    throw new StreamsError(
      'CONFIG_INVALID',
      `applicationId "${config.applicationId}" must be 1 to 100 letters, digits, dots, underscores or hyphens`
    )
  const resolved: ResolvedConfig = {
    engine: 'auto',
    processingGuarantee: 'at_least_once',
    commitIntervalMs: config.processingGuarantee === 'exactly_once_v2' ? 100 : 30_000,
    idleCommitIntervalMs: Number.POSITIVE_INFINITY,
    repartitionPurgeIntervalMs: 30_000,
    cacheMaxBytes: 64 * 1024 * 1024,
    stateMemoryBytes: 256 * 1024 * 1024,
    stateCleanupDelayMs: 600_000,
    minFreeDiskBytes: 256 * 1024 * 1024,
    bufferedBytesPerPartition: 4 * 1024 * 1024,
    maxTaskIdleMs: 0,
    threads: 1,
    threadModule: undefined,
    uncaughtExceptionHandler: () => 'shutdown-client',
    taskTimeoutMs: 300_000,
    maxPollIntervalMs: Math.max(1_000, Math.floor(((config.sessionTimeoutMs ?? defaultSessionMs) * 2) / 3)),
    sessionTimeoutMs: defaultSessionMs,
    heartbeatIntervalMs: 3_000,
    groupProtocol: 'classic',
    numStandbyReplicas: 0,
    maxWarmupReplicas: 2,
    acceptableRecoveryLag: 10_000,
    probingRebalanceIntervalMs: 600_000,
    replicationFactor: -1,
    rackAwareTags: [],
    clientTags: {},
    applicationServer: undefined,
    ...failingHandlers,
    deadLetterTopic: defaultDeadLetterTopic(config.applicationId),
    topologyLock: undefined,
    recordMetrics: true,
    tracer: undefined,
    clock: systemClock,
    logger: silentLogger,
    onRestore: () => undefined,
    onCommitPoint: () => undefined,
    ...config
  }
  for (const [name, least] of Object.entries(leastOf) as [keyof typeof leastOf, number][])
    if (!(resolved[name] >= least))
      throw new StreamsError('CONFIG_INVALID', `${name} must be ${least} or more, not ${resolved[name]}`)
  if (resolved.processingGuarantee === 'exactly_once_v2' && resolved.commitIntervalMs > mostCommitIntervalMs)
    throw new StreamsError(
      'CONFIG_INVALID',
      `commitIntervalMs must be ${mostCommitIntervalMs} or less under exactly-once, not ${resolved.commitIntervalMs}: ` +
        'brokers abort transactions that are open for longer'
    )
  if (resolved.threads > 1 && resolved.threadModule === undefined)
    throw new StreamsError(
      'CONFIG_INVALID',
      `${resolved.threads} threads need threadModule, from which each imports the graph`
    )
  const { applicationServer } = resolved
  if (applicationServer !== undefined && !/^\S+:\d{1,5}$/.test(applicationServer))
    throw new StreamsError('CONFIG_INVALID', `applicationServer "${applicationServer}" must be host:port`)
  return resolved
}
