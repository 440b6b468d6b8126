import type { TopicPartition } from '../core/record.ts'
import type { RestoreJob } from './restore/restore-job.ts'
import type { SourceSerdes } from './restore/source-record.ts'
import type { OpenedTask } from './task-factory.ts'
import type { TaskOpener } from './task-opener.ts'
import type { TaskPlan } from './task-plan.ts'
import type { TaskPositions } from './task-positions.ts'
import type { TaskRole } from './task-status.ts'

/** A store and its changelog. */
interface StoreChangelogJob extends Omit<RestoreJob, 'source'> {
  readonly source?: SourceSerdes | undefined
}

/**
 * A task whose stores are this process's, in one role after the other; the stores stay open.
 *
 *   opening -> restoring -> ready -> running         active
 *           -> following its changelogs              standby, warm-up
 */
export class HeldTask {
  readonly plan: TaskPlan
  role: TaskRole
  #opened: OpenedTask | undefined
  readonly #opening: Promise<OpenedTask>
  /** Of what is under way for its present role. */
  #work = new AbortController()
  #changelogs: readonly StoreChangelogJob[] = []
  readonly #closed = new AbortController()

  constructor(plan: TaskPlan, role: TaskRole, opener: TaskOpener) {
    this.plan = plan
    this.role = role
    this.#opening = opener.open(plan, this.#closed.signal)
    this.#opening.then(
      (opened) => {
        this.#opened = opened
        this.#changelogs = changelogsOf(opened)
      },
      // told to whoever waits for it
      () => undefined
    )
  }

  /** Undefined until the stores are open. */
  get opened(): OpenedTask | undefined {
    return this.#opened
  }

  /** Its changelogs, once the stores are open; those that are source topics up to where the task goes on in them. */
  changelogsAt(positions: TaskPositions): RestoreJob[] {
    return this.#changelogs.map((job) => ({
      ...job,
      source: job.source && { ...job.source, position: positions.of(job.topic, job.partition) }
    }))
  }

  /** Those of its changelogs that are source topics. */
  get sources(): readonly TopicPartition[] {
    return this.#changelogs.filter(({ source }) => source !== undefined)
  }

  /** Of all its changelogs; undefined until each is known. */
  ofEach(of: (changelog: TopicPartition) => number | undefined): readonly number[] | undefined {
    if (this.#opened === undefined) return undefined
    const known = this.#changelogs.flatMap((job) => of(job) ?? [])
    return known.length === this.#changelogs.length ? known : undefined
  }

  /** Ends what is under way, at once, so that something else can begin; that ends when the signal is aborted. */
  begin(): AbortSignal {
    this.#work.abort()
    this.#work = new AbortController()
    return this.#work.signal
  }

  /** Throws what opening the stores failed with. */
  open(): Promise<OpenedTask> {
    return this.#opening
  }

  /** Resolves with what closing its stores failed with. */
  async close(): Promise<unknown[]> {
    this.#closed.abort()
    this.#work.abort()
    const opened = await this.#opening.catch(() => undefined)
    const closed = await Promise.allSettled((opened?.stores ?? []).map(({ store }) => store.close()))
    return closed.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  }
}

function changelogsOf({ plan, stores }: OpenedTask): StoreChangelogJob[] {
  return stores.flatMap(({ store, changelog }) =>
    changelog === undefined ? [] : [{ task: plan.id, store, partition: plan.partition, ...changelog }]
  )
}
