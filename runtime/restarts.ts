import { hasCode, StreamsError } from '../core/errors.ts'
import { Backoff } from './backoff.ts'

/** Failures in a row, without a commit in between, after which a thread gives up. Brokers that are away do not count: they have a time. */
const MAX_RESTARTS = 10
/** More than any call tries for until it fails (`delivery.timeout.ms` is 120,000 ms): a failure before that may have begun with the thread. */
const LONGEST_TRY_MS = 180_000

export interface RestartsOptions {
  readonly taskTimeoutMs: number
  readonly commitIntervalMs: number
  /** Monotonic, ms. */
  readonly now?: () => number
}

/**
 * Whether a thread that failed makes its tasks anew from their last commit, and after what wait. Those are failures that a new start can mend
 * (actions `retry` and `restart-task`, and PRODUCER_FENCED). While brokers are away it goes on for `task.timeout.ms` (KIP-572).
 *
 * A commit ends a row of failures. So does running for long: a thread that has standbys only, or nothing, or restores, commits nothing.
 */
export class Restarts {
  readonly #taskTimeoutMs: number
  readonly #steadyMs: number
  readonly #now: () => number
  readonly #backoff = new Backoff(100, 10_000)
  #failures = 0
  /** When brokers were first found away. */
  #awaySince: number | undefined
  #runningSince: number | undefined

  constructor({ taskTimeoutMs, commitIntervalMs, now = () => performance.now() }: RestartsOptions) {
    this.#taskTimeoutMs = taskTimeoutMs
    // what runs and has something to commit has failed to by then
    this.#steadyMs = Math.max(taskTimeoutMs, commitIntervalMs + LONGEST_TRY_MS)
    this.#now = now
  }

  /** How long to wait, ms; undefined: give up. */
  waitAfter(error: unknown): number | undefined {
    const now = this.#now()
    if (this.#runningSince !== undefined && now - this.#runningSince > this.#steadyMs) this.reset()
    this.#runningSince = undefined
    if (!isRecoverable(error)) return undefined
    if (hasCode(error, 'BROKER_UNAVAILABLE')) {
      this.#awaySince ??= now
      if (now - this.#awaySince >= this.#taskTimeoutMs) return undefined
    } else if (++this.#failures > MAX_RESTARTS) return undefined
    return this.#backoff.next()
  }

  /** The thread has joined and begins to run what it was assigned. */
  running(): void {
    this.#runningSince = this.#now()
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
