import { StreamsError } from '../core/errors.ts'
import type { TopicPartition } from '../core/record.ts'
import type { Consumer, Fetched } from '../kafka/port/consumer.ts'
import type { GroupOffset } from '../kafka/port/group.ts'
import { lagMsOf, lagOf, offsetsOf } from './copy-progress.ts'
import { HeldTask } from './held-task.ts'
import type { TaskShare } from './membership/assignment.ts'
import type { CopyOffsets } from './membership/task-offsets.ts'
import type { LocalStore } from './queries/local-store.ts'
import { RunningTasks } from './running-tasks.ts'
import { SourceCopies, type SourceCopiesParts } from './source-copies.ts'
import type { Task } from './task/task.ts'
import type { TaskFactory } from './task-factory.ts'
import { TaskOpener } from './task-opener.ts'
import type { TaskPlan } from './task-plan.ts'
import { type InputPositions, TaskPositions } from './task-positions.ts'
import type { TaskRole, TaskStatus } from './task-status.ts'

export interface TaskSetParts extends SourceCopiesParts {
  readonly factory: TaskFactory
  readonly consumer: Consumer
  readonly planOf: (taskId: string) => TaskPlan
  /** Waits until no open transaction holds any of them. */
  readonly positionsOf: (inputs: readonly TopicPartition[]) => Promise<InputPositions>
}

interface Rebuild {
  readonly taskId: string
  readonly done: () => void
  readonly fail: (error: unknown) => void
}

/**
 * The tasks that a thread holds, active ones and copies. Shares come and go; a task that stays never stops, and tasks that are ready run while
 * others restore.
 */
export class TaskSet {
  readonly #parts: TaskSetParts
  readonly #held = new Map<string, HeldTask>()
  readonly #tasks: RunningTasks
  readonly #opener: TaskOpener
  #ready: HeldTask[] = []
  #rebuilds: Rebuild[] = []
  /** What went wrong in the background; thrown by the next turn. */
  #failure: unknown
  readonly #positions = new TaskPositions()
  readonly #copies: SourceCopies

  constructor(parts: TaskSetParts) {
    this.#parts = parts
    this.#tasks = new RunningTasks(parts.consumer)
    this.#opener = new TaskOpener(parts.factory)
    this.#copies = new SourceCopies(parts)
  }

  get running(): readonly Task[] {
    return this.#tasks.all
  }

  get allRunning(): boolean {
    let active = 0
    for (const { role } of this.#held.values()) if (role === 'active') active++
    return active === this.running.length
  }

  /** A task must be taken out at a commit. */
  get commitWanted(): boolean {
    return this.#rebuilds.length > 0
  }

  status(): TaskStatus[] {
    return [...this.#held.values()].map((held) => ({
      id: held.plan.id,
      role: held.role,
      running: this.#tasks.has(held.plan.id),
      lag: held.role === 'active' ? undefined : lagOf(held, this.#parts.restorer),
      lagMs: held.role === 'active' ? undefined : lagMsOf(held, this.#parts.restorer)
    }))
  }

  /** The parts of a store that are open here, copies included. */
  stores(name: string): LocalStore[] {
    return [...this.#held.values()].flatMap((held) => {
      const found = held.opened?.stores.find(({ store }) => store.name === name)
      if (found === undefined) return []
      const { plan, role } = held
      const lag = role === 'active' ? undefined : lagOf(held, this.#parts.restorer)
      return [{ task: plan.id, role, running: this.#tasks.has(plan.id), lag, store: found.store }]
    })
  }

  /** Changelog records that the copies lack, by task; those not known yet are left out. */
  lags(): Map<string, number> {
    const lags = new Map<string, number>()
    for (const [id, held] of this.#held) {
      const lag = held.role === 'active' ? 0 : lagOf(held, this.#parts.restorer)
      if (lag !== undefined) lags.set(id, lag)
    }
    return lags
  }

  /** Where the copies are, in sums over their changelogs; those not known yet are left out. */
  copies(): Map<string, CopyOffsets> {
    const copies = new Map<string, CopyOffsets>()
    for (const [id, held] of this.#held) {
      const offsets = held.role === 'active' ? undefined : offsetsOf(held, this.#parts.restorer)
      if (offsets !== undefined) copies.set(id, offsets)
    }
    return copies
  }

  /** Whether a task that runs is not active in this share: all is to be committed before `release`. */
  mustGiveUp(share: TaskShare): boolean {
    return this.running.some(({ id }) => !share.active.includes(id))
  }

  /** Stops and closes what the share does not have. Tasks that become standbys keep their stores. */
  async release(share: TaskShare): Promise<void> {
    const roles = rolesOf(share)
    const closing: HeldTask[] = []
    for (const [id, held] of this.#held) {
      const role = roles.get(id)
      if (held.role === 'active' && role !== 'active') {
        this.#stop(held)
        if (role !== undefined) this.#follow(held)
      }
      if (role !== undefined) continue
      closing.push(held)
      this.#held.delete(id)
    }
    await this.#close(closing)
  }

  /** Begins, in the background, what the share has more. To be called after `release`. */
  take(share: TaskShare): void {
    const activated: HeldTask[] = []
    for (const [id, role] of rolesOf(share)) {
      const held = this.#held.get(id)
      const former = held?.role
      const task = held ?? this.#hold(id, role)
      task.role = role
      if (role === 'active' && former !== 'active') activated.push(task)
      if (role !== 'active' && former === undefined) this.#follow(task)
    }
    if (activated.length > 0) void this.#activate(activated)
  }

  /** Lets restored tasks run, and copies go on. Throws what went wrong in the background. */
  startReady(): void {
    if (this.#failure !== undefined) throw this.#failure
    this.#copies.poll()
    if (this.#ready.length === 0) return
    const { factory, consumer } = this.#parts
    const { committed, earliest } = this.#positions
    for (const { opened } of this.#ready) {
      if (opened === undefined) continue
      const task = factory.task(opened, committed, earliest, (topic, partition) =>
        consumer.lag(topic, partition)
      )
      this.#tasks.add(task)
    }
    this.#ready = []
  }

  /** See `RunningTasks`. */
  accept(fetched: readonly Fetched[], limit: number): void {
    this.#tasks.accept(fetched, limit)
  }

  process(now: number, deadline: number): { readonly processed: number; readonly full: boolean } {
    return this.#tasks.process(now, deadline)
  }

  maintain(budgetMs: number): void {
    this.#tasks.maintain(budgetMs)
  }

  resume(limit: number): void {
    this.#tasks.resume(limit)
  }

  /** Remembers positions, for tasks that are made anew. */
  committed(offsets: readonly GroupOffset[]): void {
    this.#positions.add(offsets)
  }

  /** Resolves when the task has been rebuilt from its changelogs. Throws STORE_UNKNOWN if it does not run, then or by the next commit. */
  async rebuild(taskId: string): Promise<void> {
    if (this.#restored(taskId) === undefined) throw notRunning(taskId)
    await new Promise<void>((done, fail) => this.#rebuilds.push({ taskId, done, fail }))
  }

  /** To be called when all is committed: takes tasks out whose rebuild is wanted, and begins it. */
  takeOutForRebuild(): void {
    const rebuilds = this.#rebuilds
    this.#rebuilds = []
    for (const { taskId, done, fail } of rebuilds) {
      const held = this.#restored(taskId)
      if (held?.opened === undefined) {
        fail(notRunning(taskId))
        continue
      }
      this.#stop(held)
      // one without a changelog would stay empty: what it holds is nowhere else, and is committed now
      for (const { store, changelog } of held.opened.stores) if (changelog !== undefined) store.wipe()
      this.#parts.logger.info(`task ${taskId}: rebuilding its stores from their changelogs`)
      this.#restore(held, held.begin()).then(() => done(), fail)
    }
  }

  /** Drops all uncommitted work. The tasks are not used any more. */
  abort(): void {
    this.#tell(this.#tasks.stop())
    for (const { opened } of this.#held.values()) for (const { store } of opened?.stores ?? []) store.abort()
  }

  /**
   * Closes the tasks and their stores; what was not committed is dropped. What fails to close, a processor or a store, is told to the log alone,
   * which must not hide what else went wrong: a store opens at its last commit.
   */
  async close(): Promise<void> {
    for (const { fail } of this.#rebuilds)
      fail(new StreamsError('STORE_CLOSED', 'the application was closed'))
    this.#tell(this.#tasks.stop())
    await this.#parts.restorer.close()
    await this.#close([...this.#held.values()])
  }

  /** An active task that runs, or will in the next turn. */
  #restored(taskId: string): HeldTask | undefined {
    const held = this.#held.get(taskId)
    return held !== undefined && (this.#tasks.has(taskId) || this.#ready.includes(held)) ? held : undefined
  }

  #hold(id: string, role: TaskRole): HeldTask {
    const held = new HeldTask(this.#parts.planOf(id), role, this.#opener)
    this.#held.set(id, held)
    return held
  }

  #stop(held: HeldTask): void {
    held.begin()
    this.#ready = this.#ready.filter((one) => one !== held)
    this.#tell(this.#tasks.remove(held.plan.id))
  }

  async #activate(tasks: readonly HeldTask[]): Promise<void> {
    const { positionsOf, logger } = this.#parts
    const signals = tasks.map((held) => held.begin())
    // stable input offsets first: what they stand for is then in the changelogs, which are read up to their end after this
    const positions = positionsOf(tasks.flatMap(({ plan }) => plan.inputs)).then((found) => {
      // a task given up while the brokers were asked may have gone on elsewhere and be back, with a newer answer than this one
      tasks.forEach(({ plan }, index) => {
        if (signals[index]?.aborted === false) this.#positions.take(plan.inputs, found)
      })
    })
    const restores = tasks.map(async (held, index) => {
      const signal = signals[index] as AbortSignal
      try {
        await Promise.all([held.open(), positions])
        return await this.#restore(held, signal)
      } catch (error) {
        if (!signal.aborted) this.#failure ??= error
        throw error
      }
    })
    const ended = await Promise.allSettled(restores)
    const records = ended.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0)
    if (ended.every(({ status }) => status === 'fulfilled'))
      logger.info(`restored ${records} changelog records in all; ${tasks.length} more tasks run`)
  }

  async #restore(held: HeldTask, signal: AbortSignal): Promise<number> {
    try {
      const records = await this.#parts.restorer.restore(held.changelogsAt(this.#positions), signal)
      if (signal.aborted) throw new StreamsError('STORE_CLOSED', `task ${held.plan.id} was given up`)
      this.#ready.push(held)
      return records
    } catch (error) {
      if (!signal.aborted) this.#failure ??= error
      throw error
    }
  }

  /** Keeps the stores of a copy warm, in the background. */
  async #follow(held: HeldTask): Promise<void> {
    const signal = held.begin()
    try {
      await held.open()
      if (!signal.aborted) await this.#copies.follow(held, signal)
    } catch (error) {
      if (!signal.aborted) this.#failure ??= error
    }
  }

  async #close(tasks: readonly HeldTask[]): Promise<void> {
    for (const errors of await Promise.all(tasks.map((held) => held.close()))) this.#tell(errors)
  }

  #tell(errors: readonly unknown[]): void {
    for (const error of errors)
      this.#parts.logger.warn(`closing: ${error instanceof Error ? error.message : error}`)
  }
}

function notRunning(taskId: string): StreamsError {
  return new StreamsError('STORE_UNKNOWN', `task ${taskId} does not run here now`)
}

function rolesOf({ active, standby, warmup }: TaskShare): Map<string, TaskRole> {
  const roles = new Map<string, TaskRole>()
  for (const id of standby) roles.set(id, 'standby')
  for (const id of warmup) roles.set(id, 'warmup')
  for (const id of active) roles.set(id, 'active')
  return roles
}
