import { setImmediate, setTimeout } from 'node:timers/promises'
import { StreamsError } from '../core/errors.ts'
import type { TopicPartition } from '../core/record.ts'
import type { Admin, TopicDescription } from '../kafka/port/admin.ts'
import type { Consumer } from '../kafka/port/consumer.ts'
import type { Topology } from '../topology/topology.ts'
import type { ResolvedConfig } from './config.ts'
import type { DiskGuard } from './disk-guard.ts'
import { noTasks, type TaskShare } from './membership/assignment.ts'
import type { Membership } from './membership/membership.ts'
import type { CopyOffsets } from './membership/task-offsets.ts'
import type { StreamsMetrics } from './metrics.ts'
import type { LocalStore } from './queries/local-store.ts'
import { RepartitionPurge } from './repartition-purge.ts'
import { Restarts } from './restarts.ts'
import { Restorer } from './restore/restorer.ts'
import { commit, type Writer } from './task/commit.ts'
import type { Progress } from './task/progress.ts'
import type { Task } from './task/task.ts'
import { TaskFactory } from './task-factory.ts'
import type { Plan } from './task-plan.ts'
import { TaskSet } from './task-set.ts'
import type { TaskStatus } from './task-status.ts'
import type { GlobalStores } from './threads/global-stores.ts'
import { ThreadTracer } from './tracing.ts'
import { transactionTimeoutMs } from './transaction-timeout.ts'

/** Records are processed in slices of this length; then heartbeats, fetches and HTTP get their turn. */
const SLICE_MS = 10
const IDLE_MS = 100
/** How often it shows in `Progress` that the event loop turns, ms. */
const BEAT_MS = 250
/** How often copies of tables whose changelog is their source topic look how far their tasks are, ms; no oftener than those commit. */
const COPIES_ASK_MS = 1000

const nothingDone = { processed: 0, full: false }

export interface StreamThreadParts {
  readonly config: ResolvedConfig
  readonly topology: Topology
  readonly plan: Plan
  readonly topics: ReadonlyMap<string, TopicDescription>
  readonly deleteRetentionMs: ReadonlyMap<string, number>
  readonly membership: Membership
  readonly admin: Admin
  readonly clientId: string
  readonly disk: DiskGuard
  readonly globals: GlobalStores
  readonly metrics: StreamsMetrics
  readonly progress: Progress
  /** Whether all tasks of the assignment run. */
  readonly onRunning: (running: boolean) => void
}

/** Owns tasks and runs them one after the other on the event loop: fetch, process a slice, commit when it is time. */
export class StreamThread {
  readonly #parts: StreamThreadParts
  readonly #purge: RepartitionPurge
  readonly #restarts: Restarts
  readonly #tracer: ThreadTracer | undefined
  readonly #stop = new AbortController()
  readonly #stopped = new Promise<void>((resolve) =>
    this.#stop.signal.addEventListener('abort', () => resolve())
  )
  #tasks: TaskSet | undefined
  /** What `#tasks` holds. */
  #share = noTasks
  #paused = false
  #lastCommit = 0
  #inTransaction = false

  constructor(parts: StreamThreadParts) {
    this.#parts = parts
    const { admin, config, plan } = parts
    const { repartitionPurgeIntervalMs, clock, logger } = config
    this.#restarts = new Restarts(config)
    this.#tracer = config.tracer && new ThreadTracer(config.tracer, config.applicationId)
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

  /** Every task whose state is in use here, copies included. */
  status(): readonly TaskStatus[] {
    const found = this.#tasks?.status() ?? []
    if (this.#parts.membership.inPlace()) return found
    return found.map((one) => ({ ...one, lag: undefined, lagMs: undefined }))
  }

  /**
   * The parts of a store that are open here, copies included. Without a place in the group no task runs that anybody could rely on, and how far
   * copies are behind is not known: their brokers may be as far away as the group's.
   */
  stores(name: string): readonly LocalStore[] {
    const found = this.#tasks?.stores(name) ?? []
    if (this.#parts.membership.inPlace()) return found
    return found.map((one) => ({ ...one, running: false, lag: undefined }))
  }

  /** Changelog records that the tasks held here lack. */
  lags(): ReadonlyMap<string, number> {
    return this.#tasks?.lags() ?? new Map()
  }

  /** Where the copies held here are. */
  copies(): ReadonlyMap<string, CopyOffsets> {
    return this.#tasks?.copies() ?? new Map()
  }

  /** While paused it processes and punctuates nothing; what was processed is committed, copies and restores go on (KIP-834). */
  pause(paused: boolean): void {
    this.#paused = paused
  }

  /** Lets `run` commit, close its tasks and return. */
  stop(): void {
    this.#stop.abort()
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
   * Runs until `stop`. A failure that a new start can mend drops all uncommitted work, joins afresh and makes the tasks anew from the last
   * commit; any other, and too many of those (see `Restarts`), is thrown.
   */
  async run(): Promise<void> {
    const beat = setInterval(() => this.#parts.progress.beat(), BEAT_MS).unref()
    try {
      await this.#runWriters()
    } finally {
      clearInterval(beat)
    }
  }

  async #runWriters(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#runWriter()
      } catch (error) {
        this.#parts.metrics.failed(error instanceof StreamsError ? error.code : 'PROCESSOR_FAILED')
        const delay = this.#restarts.waitAfter(error)
        if (delay === undefined) throw error
        this.#parts.metrics.restarted()
        this.#parts.config.logger.warn(
          `${(error as Error).message}; making the tasks anew from their last commit in ${Math.round(delay)} ms`
        )
        await setTimeout(delay, undefined, { signal: this.#stop.signal }).catch(() => undefined)
      }
    }
    await this.#purge.close()
  }

  /** For as long as a writer lives: to the next failure, or to the end. */
  async #runWriter(): Promise<void> {
    const { config, membership, metrics, clientId, globals, onRunning } = this.#parts
    // before the group counts on this member, which may take long
    await globals.ready(() => this.#stop.signal.aborted)
    if (this.#stop.signal.aborted) return
    // others may take their time to join
    await Promise.race([membership.join(), this.#stopped])
    if (this.#stop.signal.aborted) return
    // before anything is read: opening it ends the transaction that a killed predecessor left open
    const writer = await this.#openWriter()
    const consumer = config.kafka.consumer({ clientId: `${clientId}-consumer`, offsetReset: 'earliest' })
    const tasks = this.#makeTasks(writer, consumer)
    try {
      this.#tasks = tasks
      this.#share = noTasks
      this.#lastCommit = config.clock.now()
      metrics.observe({ running: () => tasks.running, roles: () => this.status(), consumer })
      await this.#reconcile(tasks, writer)
      this.#restarts.running()
      while (!this.#stop.signal.aborted) {
        membership.poll()
        if (membership.assigned() !== this.#share) await this.#reconcile(tasks, writer)
        tasks.startReady()
        onRunning(tasks.allRunning)
        await this.#turn(tasks, writer, consumer)
      }
      await this.#commit(tasks, writer)
    } catch (error) {
      this.#parts.progress.leave()
      tasks.abort()
      // if this fails too, the next producer of the same transactional id ends the transaction
      if (writer.guarantee === 'exactly_once_v2') await writer.producer.abort().catch(() => undefined)
      throw error
    } finally {
      onRunning(false)
      this.#tasks = undefined
      metrics.observe(undefined)
      // what the producer could not write has been thrown by a flush, or was dropped on purpose
      await Promise.all([consumer.close(), writer.producer.close().catch(() => undefined), tasks.close()])
    }
  }

  /** Gives up what the member is not to have any more, tells the group, and begins what is new. What stays goes on in the next turn. */
  async #reconcile(tasks: TaskSet, writer: Writer): Promise<void> {
    const { membership, config, metrics } = this.#parts
    const share = membership.assigned()
    if (tasks.mustGiveUp(share)) await this.#commit(tasks, writer)
    await tasks.release(share)
    membership.owns(share)
    tasks.take(share)
    this.#share = share
    metrics.rebalanced()
    config.logger.info(`assigned: ${countsOf(share)}`)
  }

  async #openWriter(): Promise<Writer> {
    const { config, clientId } = this.#parts
    const guarantee = config.processingGuarantee
    if (guarantee === 'at_least_once')
      return { guarantee, producer: await config.kafka.producer({ clientId: `${clientId}-producer` }) }
    const producer = await config.kafka.transactionalProducer({
      clientId: `${clientId}-producer`,
      transactionalId: clientId,
      transactionTimeoutMs: transactionTimeoutMs(config.commitIntervalMs)
    })
    this.#inTransaction = false
    return { guarantee, producer }
  }

  #makeTasks(writer: Writer, consumer: Consumer): TaskSet {
    const { config, plan, membership, admin, clientId, globals, metrics } = this.#parts
    const factory = new TaskFactory({
      ...this.#parts,
      tracer: this.#tracer,
      producer: writer.producer,
      globalStores: globals.stores
    })
    const restorer = new Restorer({
      kafka: config.kafka,
      admin,
      clientId,
      clock: config.clock,
      logger: config.logger,
      transactional: config.processingGuarantee === 'exactly_once_v2',
      onProgress: (progress) => {
        metrics.restored(progress)
        config.onRestore(progress)
      },
      onIdle: (restore) => metrics.restoresNothing(restore)
    })
    const positionsOf = async (inputs: readonly TopicPartition[]) => {
      const [committed, earliest] = await Promise.all([
        membership.committed(inputs),
        admin.listOffsets(inputs, 'earliest')
      ])
      return { committed, earliest }
    }
    return new TaskSet({
      factory,
      restorer,
      consumer,
      planOf: (id) => plan.task(id),
      positionsOf,
      committedOf: (inputs) => membership.committed(inputs),
      askIntervalMs: Math.max(COPIES_ASK_MS, config.commitIntervalMs),
      clock: config.clock,
      logger: config.logger
    })
  }

  /** One round: take what was fetched, process a slice, commit if it is time, give the event loop its turn. */
  async #turn(tasks: TaskSet, writer: Writer, consumer: Consumer): Promise<void> {
    const { config, globals, metrics } = this.#parts
    globals.check()
    if (writer.guarantee === 'exactly_once_v2' && !this.#inTransaction) {
      await writer.producer.begin()
      this.#inTransaction = true
    }
    tasks.accept(consumer.take(), config.bufferedBytesPerPartition)
    const now = config.clock.now()
    const stopped = this.#paused || this.#parts.disk.full || !this.#mayWrite(writer)
    metrics.spent('other')
    const { processed, full } = stopped ? nothingDone : tasks.process(now, now + SLICE_MS)
    metrics.spent('process')
    if (processed === 0 && !stopped) tasks.maintain(SLICE_MS)
    metrics.spent('maintain')
    tasks.resume(config.bufferedBytesPerPartition / 2)
    const intervalMs =
      processed > 0 ? config.commitIntervalMs : Math.min(config.commitIntervalMs, config.idleCommitIntervalMs)
    const untilCommit = () => this.#lastCommit + intervalMs - config.clock.now()
    if (full || tasks.commitWanted || untilCommit() <= 0) await this.#commit(tasks, writer)
    // a commit of nothing does not give the event loop its turn
    metrics.spent('other')
    if (!writer.producer.hasRoom()) {
      const start = performance.now()
      await writer.producer.room()
      metrics.blocked(performance.now() - start)
    } else if (processed > 0 || full) await setImmediate()
    else {
      await consumer.arrival(Math.max(1, Math.min(IDLE_MS, untilCommit())))
      metrics.spent('idle')
    }
  }

  /**
   * A transaction is refused to who has lost its place. Without one nothing takes back what it writes over the changelogs of those who have its
   * tasks now, so it waits until it is known to be in its place again.
   */
  #mayWrite(writer: Writer): boolean {
    return writer.guarantee === 'exactly_once_v2' || this.#parts.membership.inPlace()
  }

  async #commit(tasks: TaskSet, writer: Writer): Promise<void> {
    const { config, membership, metrics } = this.#parts
    this.#lastCommit = config.clock.now()
    if (!this.#mayWrite(writer)) return
    const changed = tasks.running.filter((task) => task.needsCommit())
    if (changed.length > 0) {
      metrics.spent('other')
      const start = performance.now()
      const action = () =>
        commit(changed, writer, membership, (point) => {
          metrics.commitPoint(point)
          config.onCommitPoint(point)
        })
      const offsets = await (this.#tracer?.commit(changed.length, action) ?? action())
      metrics.spent('commit')
      this.#inTransaction = false
      this.#purge.committed(offsets)
      tasks.committed(offsets)
      metrics.committed((performance.now() - start) / 1000)
      this.#restarts.reset()
    }
    this.#lastCommit = config.clock.now()
    tasks.takeOutForRebuild()
  }
}

function countsOf({ active, standby, warmup }: TaskShare): string {
  return `${active.length} active tasks, ${standby.length} standbys, ${warmup.length} warm-ups`
}
