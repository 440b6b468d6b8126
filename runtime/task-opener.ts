import { setTimeout } from 'node:timers/promises'
import { hasCode } from '../core/errors.ts'
import { Backoff } from './backoff.ts'
import type { OpenedTask, TaskFactory } from './task-factory.ts'
import type { TaskPlan } from './task-plan.ts'

/** How long another thread of the process may take to close stores that are this one's now, ms. */
const LOCKED_MS = 2_000

/** Opens the stores of tasks one after the other, whatever became of those before. */
export class TaskOpener {
  readonly #factory: TaskFactory
  #last: Promise<unknown> = Promise.resolve()

  constructor(factory: TaskFactory) {
    this.#factory = factory
  }

  /** @param given says that nobody waits for the task any more. Throws what opening its stores failed with. */
  open(plan: TaskPlan, given: () => boolean): Promise<OpenedTask> {
    const opening = this.#last.then(() => this.#open(plan, given))
    this.#last = opening.catch(() => undefined)
    return opening
  }

  /** A task may come from a thread that learns only now that it has lost it: the stores are locked for that long. */
  async #open(plan: TaskPlan, given: () => boolean): Promise<OpenedTask> {
    const backoff = new Backoff(20, 200)
    for (const end = performance.now() + LOCKED_MS; ; await setTimeout(backoff.next())) {
      try {
        return await this.#factory.open(plan)
      } catch (error) {
        if (!hasCode(error, 'STORE_LOCKED') || given() || performance.now() > end) throw error
      }
    }
  }
}
