import { setImmediate, setTimeout } from 'node:timers/promises'
import { StreamsError } from '../core/errors.ts'
import { partitionName } from '../core/record.ts'
import type { Admin, TopicDescription } from '../kafka/port/admin.ts'
import type { Consumer } from '../kafka/port/consumer.ts'
import type { GroupMember } from '../kafka/port/group.ts'
import type { Topology } from '../topology/topology.ts'
import { Backoff } from './backoff.ts'
import type { ResolvedConfig } from './config.ts'
import type { DiskGuard } from './disk-guard.ts'
import type { StreamsMetrics } from './metrics.ts'
import { RepartitionPurge } from './repartition-purge.ts'
import type { GlobalTables } from './restore/global-tables.ts'
import { Restorer } from './restore/restorer.ts'
import { commit, type Writer } from './task/commit.ts'
import type { Task } from './task/task.ts'
import { TaskFactory } from './task-factory.ts'
import type { Plan, TaskPlan } from './task-plan.ts'
import { TaskSet } from './task-set.ts'

/** Records are processed in slices of this length; then heartbeats, fetches and HTTP get their turn. */
const SLICE_MS = 10
const IDLE_MS = 100
/** A thread that fails this often in a row, without a commit in between, gives up. */
const MAX_RESTARTS = 10
/** `transaction.timeout.ms`, as in Kafka Streams: commits are far more frequent. */
const TRANSACTION_TIMEOUT_MS = 10_000

const nothingDone = { processed: 0, full: false }

export interface StreamThreadParts {
  readonly config: ResolvedConfig
  readonly topology: Topology
  readonly plan: Plan
  readonly topics: ReadonlyMap<string, TopicDescription>
  readonly deleteRetentionMs: ReadonlyMap<string, number>
  readonly group: GroupMember
  readonly admin: Admin
  readonly clientId: string
  readonly disk: DiskGuard
  readonly globals: GlobalTables
  readonly metrics: StreamsMetrics
  /** Whether all tasks of the assignment run. */
  readonly onRunning: (running: boolean) => void
}

/** Owns tasks and runs them one after the other on the event loop: fetch, process a slice, commit when it is time. */
export class StreamThread {
  readonly #parts: StreamThreadParts
  readonly #purge: RepartitionPurge
  readonly #backoff = new Backoff(100, 10_000)
  #tasks: TaskSet | undefined
  #stopping = false
  #failures = 0
  #lastCommit = 0
  #inTransaction = false

  constructor(parts: StreamThreadParts) {
    this.#parts = parts
    const { admin, config, plan } = parts
    const { repartitionPurgeIntervalMs, clock, logger } = config
    this.#purge = new RepartitionPurge(
      admin,
      plan.repartitionTopics,
      repartitionPurgeIntervalMs,
      clock,
      logger
    )
  }

  /** The tasks that run now; ones that restore are not among them. */
  get tasks(): readonly Task[] {
    return this.#tasks?.running ?? []
  }

  /** Ids of the tasks whose state is in use here. */
  get taskIds(): readonly string[] {
    return this.#tasks?.ids ?? []
  }

  /** Lets `run` commit, close its tasks and return. */
  stop(): void {
    this.#stopping = true
  }

  /**
   * Empties the stores of a task and fills them again from their changelogs, while the other tasks go on. Resolves when the task runs
   * again. Throws STORE_UNKNOWN if it does not run here.
   */
  async rebuild(taskId: string): Promise<void> {
    const tasks = this.#tasks
    if (tasks === undefined) throw new StreamsError('STORE_UNKNOWN', `no task ${taskId} runs here`)
    await tasks.rebuild(taskId)
  }

  /**
   * Runs until `stop`. A failure that a new start can mend (actions `retry` and `restart-task`) drops all uncommitted work and makes the tasks
   * anew from the last commit; any other is thrown.
   */
  async run(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#runAssignment()
      } catch (error) {
        if (!isRecoverable(error) || ++this.#failures > MAX_RESTARTS) throw error
        const delay = this.#backoff.next()
        this.#parts.metrics.restarted()
        this.#parts.config.logger.warn(
          `${(error as Error).message}; making the tasks anew from their last commit in ${Math.round(delay)} ms`
        )
        await setTimeout(delay)
      }
    }
    await this.#purge.close()
  }

  /** From one join of the group to the next, or to the end. */
  async #runAssignment(): Promise<void> {
    const { config, group, plan, metrics, clientId, globals, onRunning } = this.#parts
    // before anything is read: opening it ends the transaction that a killed predecessor left open
    const writer = await this.#openWriter()
    const consumer = config.kafka.consumer({ clientId: `${clientId}-consumer`, offsetReset: 'earliest' })
    let tasks: TaskSet | undefined
    try {
      // before the group counts on this member, which may take long
      await globals.ready(() => this.#stopping)
      if (this.#stopping) return
      const plans = plan.tasksFor((await group.join()).partitions)
      tasks = await this.#openTasks(plans, writer, consumer)
      this.#tasks = tasks
      this.#lastCommit = config.clock.now()
      while (!this.#stopping && !group.rejoinNeeded()) {
        tasks.startReady()
        metrics.tasks(tasks.running.length)
        onRunning(tasks.allRunning)
        await this.#turn(tasks, writer, consumer)
      }
      await this.#commit(tasks, writer)
    } catch (error) {
      tasks?.abort()
      // if this fails too, the next producer of the same transactional id ends the transaction
      if (writer.guarantee === 'exactly_once_v2') await writer.producer.abort().catch(() => undefined)
      throw error
    } finally {
      onRunning(false)
      this.#tasks = undefined
      metrics.tasks(0)
      // what the producer could not write has been thrown by a flush, or was dropped on purpose
      await Promise.all([consumer.close(), writer.producer.close().catch(() => undefined), tasks?.close()])
    }
  }

  async #openWriter(): Promise<Writer> {
    const { config, clientId } = this.#parts
    const guarantee = config.processingGuarantee
    if (guarantee === 'at_least_once')
      return { guarantee, producer: await config.kafka.producer({ clientId: `${clientId}-producer` }) }
    const producer = await config.kafka.transactionalProducer({
      clientId: `${clientId}-producer`,
      transactionalId: clientId,
      transactionTimeoutMs: TRANSACTION_TIMEOUT_MS
    })
    this.#inTransaction = false
    return { guarantee, producer }
  }

  async #openTasks(plans: readonly TaskPlan[], writer: Writer, consumer: Consumer): Promise<TaskSet> {
    const { config, topology, plan, topics, deleteRetentionMs, group, admin, clientId, globals, metrics } =
      this.#parts
    const inputs = plans.flatMap((task) => task.inputs)
    // stable input offsets first: what they stand for is then in the changelogs, which are read up to their end after this
    const [committed, earliest] = await Promise.all([
      group.committed(inputs),
      admin.listOffsets(inputs, 'earliest')
    ])
    const factory = new TaskFactory({
      config,
      topology,
      plan,
      topics,
      deleteRetentionMs,
      producer: writer.producer,
      globalStores: globals.stores,
      metrics
    })
    await factory.loadTopics(plans)
    const restorer = new Restorer({
      kafka: config.kafka,
      admin,
      clientId,
      clock: config.clock,
      logger: config.logger,
      onProgress: (progress) => {
        metrics.restored(progress)
        config.onRestore(progress)
      }
    })
    const tasks = new TaskSet({ factory, restorer, consumer, logger: config.logger })
    try {
      await tasks.open(
        plans,
        new Map(committed.map((offset) => [partitionName(offset.topic, offset.partition), offset])),
        earliest
      )
    } catch (error) {
      await tasks.close()
      throw error
    }
    return tasks
  }

  /** One round: take what was fetched, process a slice, commit if it is time, give the event loop its turn. */
  async #turn(tasks: TaskSet, writer: Writer, consumer: Consumer): Promise<void> {
    const { config, globals, group, metrics } = this.#parts
    group.check()
    globals.check()
    if (writer.guarantee === 'exactly_once_v2' && !this.#inTransaction) {
      await writer.producer.begin()
      this.#inTransaction = true
    }
    tasks.accept(consumer.take(), config.bufferedBytesPerPartition)
    const now = config.clock.now()
    const stopped = this.#parts.disk.full
    const { processed, full } = stopped ? nothingDone : tasks.process(now, now + SLICE_MS)
    if (processed === 0 && !stopped) tasks.maintain(SLICE_MS)
    tasks.resume(config.bufferedBytesPerPartition / 2)
    metrics.processed(processed)
    const untilCommit = () => this.#lastCommit + config.commitIntervalMs - config.clock.now()
    if (full || tasks.commitWanted || untilCommit() <= 0) await this.#commit(tasks, writer)
    // a commit of nothing does not give the event loop its turn
    if (!writer.producer.hasRoom()) await writer.producer.room()
    else if (processed > 0) await setImmediate()
    else await consumer.arrival(Math.max(1, Math.min(IDLE_MS, untilCommit())))
  }

  async #commit(tasks: TaskSet, writer: Writer): Promise<void> {
    const { config, group, metrics } = this.#parts
    const changed = tasks.running.filter((task) => task.needsCommit())
    if (changed.length > 0) {
      const start = performance.now()
      const offsets = await commit(changed, writer, group, config.onCommitPoint)
      this.#inTransaction = false
      this.#purge.committed(offsets)
      tasks.committed(offsets)
      metrics.committed((performance.now() - start) / 1000)
      this.#failures = 0
      this.#backoff.reset()
    }
    this.#lastCommit = config.clock.now()
    await tasks.takeOutForRebuild()
  }
}

function isRecoverable(error: unknown): boolean {
  return error instanceof StreamsError && (error.action === 'retry' || error.action === 'restart-task')
}
