import { StreamsError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { partitionName } from '../core/record.ts'
import type { Consumer, Fetched } from '../kafka/port/consumer.ts'
import type { GroupOffset } from '../kafka/port/group.ts'
import type { Restorer } from './restore/restorer.ts'
import type { Task } from './task/task.ts'
import type { OpenedTask, TaskFactory } from './task-factory.ts'
import type { TaskPlan } from './task-plan.ts'

export interface TaskSetParts {
  readonly factory: TaskFactory
  readonly restorer: Restorer
  readonly consumer: Consumer
  readonly logger: Logger
}

interface Rebuild {
  readonly taskId: string
  readonly done: () => void
  readonly fail: (error: unknown) => void
}

/**
 * The tasks of one assignment: each is opened, restored, and then runs. Tasks that are ready run while others restore.
 *
 *   opened -> restoring -> ready -> running -> (taken out for a rebuild) -> restoring ...
 */
export class TaskSet {
  readonly #parts: TaskSetParts
  readonly #opened: OpenedTask[] = []
  #ready: OpenedTask[] = []
  #running: Task[] = []
  #rebuilds: Rebuild[] = []
  /** What a restore in the background failed with; thrown by the next turn. */
  #failure: unknown
  #committed = new Map<string, GroupOffset>()
  #earliest: ReadonlyMap<string, number> = new Map()

  constructor(parts: TaskSetParts) {
    this.#parts = parts
  }

  get running(): readonly Task[] {
    return this.#running
  }

  get ids(): readonly string[] {
    return this.#opened.map(({ plan }) => plan.id)
  }

  get allRunning(): boolean {
    return this.#running.length === this.#opened.length
  }

  /** A task must be taken out at a commit. */
  get commitWanted(): boolean {
    return this.#rebuilds.length > 0
  }

  /** Opens the stores of all tasks and begins to restore them. On failure the caller closes what was opened. */
  async open(
    plans: readonly TaskPlan[],
    committed: Map<string, GroupOffset>,
    earliest: ReadonlyMap<string, number>
  ): Promise<void> {
    this.#committed = committed
    this.#earliest = earliest
    for (const plan of plans) this.#opened.push(await this.#parts.factory.open(plan))
    let records = 0
    const restores = this.#opened.map(async (task) => {
      const restored = await this.#restore(task)
      records += restored
    })
    Promise.all(restores).then(
      () =>
        this.#parts.logger.info(`restored ${records} changelog records in all; ${plans.length} tasks run`),
      () => undefined
    )
  }

  /** Lets restored tasks run. Throws what a restore failed with. */
  startReady(): void {
    if (this.#failure !== undefined) throw this.#failure
    const { factory, consumer } = this.#parts
    for (const opened of this.#ready) {
      const task = factory.task(opened, this.#committed, this.#earliest, (topic, partition) =>
        consumer.lag(topic, partition)
      )
      consumer.assign(task.positions())
      this.#running.push(task)
    }
    this.#ready = []
  }

  /** Hands fetched batches to their tasks; a partition with more than `limit` bytes waiting is paused. */
  accept(fetched: readonly Fetched[], limit: number): void {
    for (const one of fetched) {
      const task = this.#running.find((candidate) => candidate.reads(one.topic, one.partition))
      if (task !== undefined && task.accept(one) > limit) this.#parts.consumer.pause(one.topic, one.partition)
    }
  }

  /** A slice: tasks in turn, until `deadline` (ms). `full` says that a write buffer has reached its bound. */
  process(now: number, deadline: number): { readonly processed: number; readonly full: boolean } {
    let processed = 0
    let full = false
    let turns = 0
    for (const task of this.#running) {
      turns++
      const count = task.processUntil(deadline)
      processed += count
      task.punctuate(now)
      full ||= task.commitWanted()
      if (count > 0 && task.now() >= deadline) break
    }
    // who had its turn goes to the end of the line
    if (turns < this.#running.length)
      this.#running = [...this.#running.slice(turns), ...this.#running.slice(0, turns)]
    return { processed, full }
  }

  /** For when there is nothing better to do: stores go on with expiry and the like, for about `budgetMs`. */
  maintain(budgetMs: number): void {
    for (const task of this.#running) if (task.maintain(budgetMs)) return
  }

  /** Resumes partitions of which at most `limit` bytes wait. */
  resume(limit: number): void {
    for (const task of this.#running)
      for (const { topic, partition } of task.positions())
        if (task.bufferedBytes(topic) <= limit) this.#parts.consumer.resume(topic, partition)
  }

  /** Remembers positions, for tasks that are made anew. */
  committed(offsets: readonly GroupOffset[]): void {
    for (const offset of offsets) this.#committed.set(partitionName(offset.topic, offset.partition), offset)
  }

  /** Resolves when the task has been rebuilt from its changelogs. Throws STORE_UNKNOWN. */
  rebuild(taskId: string): Promise<void> {
    if (!this.#opened.some(({ plan }) => plan.id === taskId))
      throw new StreamsError('STORE_UNKNOWN', `no task ${taskId} runs here`)
    return new Promise((done, fail) => this.#rebuilds.push({ taskId, done, fail }))
  }

  /** To be called when all is committed: takes tasks out whose rebuild is wanted, and begins it. */
  async takeOutForRebuild(): Promise<void> {
    const rebuilds = this.#rebuilds
    this.#rebuilds = []
    for (const { taskId, done, fail } of rebuilds) {
      const task = this.#running.find(({ id }) => id === taskId)
      const opened = this.#opened.find(({ plan }) => plan.id === taskId)
      if (task === undefined || opened === undefined) {
        done()
        continue
      }
      this.#running = this.#running.filter((other) => other !== task)
      this.#parts.consumer.unassign(task.positions())
      task.stop()
      for (const { store } of opened.stores) store.wipe()
      this.#parts.logger.info(`task ${taskId}: rebuilding its stores from their changelogs`)
      this.#restore(opened).then(() => done(), fail)
    }
  }

  /** Drops all uncommitted work. The tasks are not used any more. */
  abort(): void {
    for (const task of this.#running) task.stop()
    for (const { stores } of this.#opened) for (const { store } of stores) store.abort()
  }

  /**
   * Closes the stores; what was not committed is dropped. One that fails to close is told to the log alone, which must not hide what else went
   * wrong: it opens at its last commit.
   */
  async close(): Promise<void> {
    for (const { fail } of this.#rebuilds)
      fail(new StreamsError('STORE_CLOSED', 'the application was closed'))
    for (const task of this.#running) task.stop()
    await this.#parts.restorer.close()
    const stores = this.#opened.flatMap((opened) => opened.stores)
    for (const closed of await Promise.allSettled(stores.map(({ store }) => store.close())))
      if (closed.status === 'rejected')
        this.#parts.logger.warn(`closing: ${(closed.reason as Error).message}`)
  }

  async #restore(opened: OpenedTask): Promise<number> {
    const { plan, stores } = opened
    const jobs = stores.flatMap(({ store, changelog }) =>
      changelog === undefined ? [] : [{ task: plan.id, store, partition: plan.partition, ...changelog }]
    )
    try {
      const records = await this.#parts.restorer.restore(jobs)
      this.#ready.push(opened)
      return records
    } catch (error) {
      this.#failure ??= error
      throw error
    }
  }
}
