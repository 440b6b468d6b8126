import { hasCode, StreamsError } from '../core/errors.ts'
import { Backoff } from './backoff.ts'

/** Failures in a row, without a commit in between, after which a thread gives up. Brokers that are away do not count: they have a time. */
const MAX_RESTARTS = 10

/**
 * Whether a thread that failed makes its tasks anew from their last commit, and after what wait. Those are failures that a new start can mend
 * (actions `retry` and `restart-task`, and PRODUCER_FENCED). While brokers are away it goes on for `task.timeout.ms` (KIP-572).
 */
export class Restarts {
  readonly #taskTimeoutMs: number
  readonly #now: () => number
  readonly #backoff = new Backoff(100, 10_000)
  #failures = 0
  /** When brokers were first found away. */
  #awaySince: number | undefined

  constructor(taskTimeoutMs: number, now: () => number = () => performance.now()) {
    this.#taskTimeoutMs = taskTimeoutMs
    this.#now = now
  }

  /** How long to wait, ms; undefined: give up. */
  waitAfter(error: unknown): number | undefined {
    if (!isRecoverable(error)) return undefined
    if (hasCode(error, 'BROKER_UNAVAILABLE')) {
      this.#awaySince ??= this.#now()
      if (this.#now() - this.#awaySince >= this.#taskTimeoutMs) return undefined
    } else if (++this.#failures > MAX_RESTARTS) return undefined
    return this.#backoff.next()
  }

  /** There was a commit. */
  reset(): void {
    this.#failures = 0
    this.#awaySince = undefined
    this.#backoff.reset()
  }
}

function isRecoverable(error: unknown): boolean {
  if (!(error instanceof StreamsError)) return false
  // the group fenced a silent member; if it was another process of this name, joining says so with GROUP_FENCED
  if (error.code === 'PRODUCER_FENCED') return true
  return error.action === 'retry' || error.action === 'restart-task'
}
