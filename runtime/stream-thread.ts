import { setImmediate, setTimeout } from 'node:timers/promises'
import { StreamsError } from '../core/errors.ts'
import { partitionName } from '../core/record.ts'
import type { Admin, TopicDescription } from '../kafka/port/admin.ts'
import type { Consumer } from '../kafka/port/consumer.ts'
import type { GroupMember } from '../kafka/port/group.ts'
import type { Producer } from '../kafka/port/producer.ts'
import type { Topology } from '../topology/topology.ts'
import { Backoff } from './backoff.ts'
import type { ResolvedConfig } from './config.ts'
import type { StreamsMetrics } from './metrics.ts'
import { restore } from './restore/restore.ts'
import { commit } from './task/commit.ts'
import type { Task } from './task/task.ts'
import { openStores, TaskFactory } from './task-factory.ts'
import type { Plan, TaskPlan } from './task-plan.ts'

/** Records are processed in slices of this length; then heartbeats, fetches and HTTP get their turn. */
const SLICE_MS = 10
const IDLE_MS = 100
/** A thread that fails this often in a row, without a commit in between, gives up. */
const MAX_RESTARTS = 10

export interface StreamThreadParts {
  readonly config: ResolvedConfig
  readonly topology: Topology
  readonly plan: Plan
  readonly topics: ReadonlyMap<string, TopicDescription>
  readonly group: GroupMember
  readonly admin: Admin
  readonly clientId: string
  readonly metrics: StreamsMetrics
  readonly onRunning: (running: boolean) => void
}

/** Owns tasks and runs them one after the other on the event loop: fetch, process a slice, commit when it is time. */
export class StreamThread {
  readonly #parts: StreamThreadParts
  #tasks: readonly Task[] = []
  #stopping = false
  readonly #backoff = new Backoff(100, 10_000)
  #failures = 0
  #lastCommit = 0

  constructor(parts: StreamThreadParts) {
    this.#parts = parts
  }

  get tasks(): readonly Task[] {
    return this.#tasks
  }

  /** Lets `run` commit, close its tasks and return. */
  stop(): void {
    this.#stopping = true
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
  }

  /** From one join of the group to the next, or to the end. */
  async #runAssignment(): Promise<void> {
    const { config, group, plan, metrics, clientId, onRunning } = this.#parts
    onRunning(false)
    const plans = plan.tasksFor(await group.join())
    const producer = await config.kafka.producer({ clientId: `${clientId}-producer` })
    const consumer = config.kafka.consumer({ clientId: `${clientId}-consumer`, offsetReset: 'earliest' })
    try {
      this.#tasks = await this.#makeTasks(plans, producer, consumer)
      consumer.assign(this.#tasks.flatMap((task) => task.positions()))
      metrics.tasks(this.#tasks.length)
      onRunning(true)
      this.#lastCommit = config.clock.now()
      while (!this.#stopping && !group.rejoinNeeded()) await this.#turn(producer, consumer)
      await this.#commit(producer)
    } catch (error) {
      for (const task of this.#tasks) task.abort()
      throw error
    } finally {
      onRunning(false)
      const closing = this.#tasks
      this.#tasks = []
      metrics.tasks(0)
      await Promise.all([consumer.close(), producer.close(), ...closing.map((task) => task.close())])
    }
  }

  async #makeTasks(
    plans: readonly TaskPlan[],
    producer: Producer,
    consumer: Consumer
  ): Promise<readonly Task[]> {
    const { config, topology, plan, topics, group, admin, clientId, metrics } = this.#parts
    const inputs = plans.flatMap((task) => task.inputs)
    // stable input offsets first: what they stand for is then in the changelogs that are read up to their end below
    const [committed, earliest] = await Promise.all([
      group.committed(inputs),
      admin.listOffsets(inputs, 'earliest')
    ])
    const factory = new TaskFactory({ config, topology, plan, topics, producer, metrics })
    await factory.loadTopics(plans)
    const opened = await openStores(plans, factory)
    try {
      const jobs = opened.flatMap(({ plan: task, stores }) =>
        stores.flatMap(({ store, changelog }) =>
          changelog === undefined ? [] : [{ task: task.id, store, partition: task.partition, ...changelog }]
        )
      )
      await restore(jobs, {
        kafka: config.kafka,
        admin,
        clientId,
        logger: config.logger,
        stopped: () => this.#stopping,
        onProgress: (progress) => {
          metrics.restored(progress)
          config.onRestore(progress)
        }
      })
      if (this.#stopping) {
        await Promise.all(opened.flatMap(({ stores }) => stores.map(({ store }) => store.close())))
        return []
      }
      const offsets = new Map(
        committed.map((offset) => [partitionName(offset.topic, offset.partition), offset])
      )
      return opened.map((task) =>
        factory.task(task, offsets, earliest, (topic, partition) => consumer.lag(topic, partition))
      )
    } catch (error) {
      await Promise.all(opened.flatMap(({ stores }) => stores.map(({ store }) => store.close())))
      throw error
    }
  }

  /** One round: take what was fetched, process a slice, commit if it is time, give the event loop its turn. */
  async #turn(producer: Producer, consumer: Consumer): Promise<void> {
    const { config, group, metrics } = this.#parts
    group.check()
    this.#accept(consumer)
    const now = config.clock.now()
    let processed = 0
    let full = false
    for (const task of this.#tasks) {
      const count = task.processUntil(now + SLICE_MS)
      processed += count
      if (count > 0) this.#resume(task, consumer)
      task.punctuate(now)
      full ||= task.commitWanted()
      if (config.clock.now() >= now + SLICE_MS) break
    }
    // the task that had the last word goes to the end of the line
    if (processed > 0) this.#tasks = [...this.#tasks.slice(1), ...this.#tasks.slice(0, 1)]
    metrics.processed(processed)
    const sinceCommit = config.clock.now() - this.#lastCommit
    if (full || sinceCommit >= config.commitIntervalMs) await this.#commit(producer)
    else if (!producer.hasRoom()) await producer.room()
    else if (processed > 0) await setImmediate()
    else await consumer.arrival(Math.max(1, Math.min(IDLE_MS, config.commitIntervalMs - sinceCommit)))
  }

  #accept(consumer: Consumer): void {
    const limit = this.#parts.config.bufferedBytesPerPartition
    for (const fetched of consumer.take()) {
      const task = this.#tasks.find((candidate) => candidate.reads(fetched.topic, fetched.partition))
      if (task !== undefined && task.accept(fetched) > limit) consumer.pause(fetched.topic, fetched.partition)
    }
  }

  #resume(task: Task, consumer: Consumer): void {
    const limit = this.#parts.config.bufferedBytesPerPartition
    for (const { topic, partition } of task.positions())
      if (task.bufferedBytes(topic) <= limit / 2) consumer.resume(topic, partition)
  }

  async #commit(producer: Producer): Promise<void> {
    const { config, group, metrics } = this.#parts
    const changed = this.#tasks.filter((task) => task.needsCommit())
    if (changed.length > 0) {
      const start = performance.now()
      await commit(changed, producer, group)
      metrics.committed((performance.now() - start) / 1000)
      this.#failures = 0
      this.#backoff.reset()
    }
    this.#lastCommit = config.clock.now()
  }
}

function isRecoverable(error: unknown): boolean {
  return error instanceof StreamsError && (error.action === 'retry' || error.action === 'restart-task')
}
