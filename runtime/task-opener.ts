import { setTimeout } from 'node:timers/promises'
import { hasCode, StreamsError } from '../core/errors.ts'
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

  /**
   * Throws what opening its stores failed with.
   *
   * @param givenUp aborted when nobody waits for the task any more: if its turn has not come it is not opened, and throws STORE_CLOSED at once
   */
  open(plan: TaskPlan, givenUp: AbortSignal): Promise<OpenedTask> {
    const cancelled = new Promise<void>((resolve) => givenUp.addEventListener('abort', () => resolve()))
    const opening = Promise.race([this.#last, cancelled]).then(() => {
      if (givenUp.aborted) throw new StreamsError('STORE_CLOSED', `task ${plan.id} was given up`)
      return this.#open(plan, givenUp)
    })
    this.#last = Promise.allSettled([this.#last, opening])
    return opening
  }

  /** A task may come from a thread that learns only now that it has lost it: the stores are locked for that long. */
  async #open(plan: TaskPlan, givenUp: AbortSignal): Promise<OpenedTask> {
    const backoff = new Backoff(20, 200)
    for (const end = performance.now() + LOCKED_MS; ; await setTimeout(backoff.next())) {
      try {
        return await this.#factory.open(plan)
      } catch (error) {
        if (!hasCode(error, 'STORE_LOCKED') || givenUp.aborted || performance.now() > end) throw error
      }
    }
  }
}
