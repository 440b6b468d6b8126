import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode, StreamsError } from '../../core/errors.ts'

const shortestMs = 20
const longestMs = 1_000

/** Pauses between attempts: doubling from 20 ms to 1 s, each with 20 % jitter so that clients do not come in step. */
export class Backoff {
  #next = shortestMs

  /** How long to wait now, ms. */
  next(): number {
    const pause = this.#next
    this.#next = Math.min(pause * 2, longestMs)
    return pause * (0.8 + 0.4 * Math.random())
  }

  reset(): void {
    this.#next = shortestMs
  }
}

/** Monotonic milliseconds for deadlines and pauses; event and wall-clock time come from core/clock. */
export function ticks(): number {
  return performance.now()
}

/**
 * Repeats `attempt` while it throws BROKER_UNAVAILABLE, until `withinMs` have passed or `signal` is aborted. `onRetry` is told of each
 * further attempt.
 */
export async function retrying<T>(
  withinMs: number,
  signal: AbortSignal,
  attempt: () => Promise<T>,
  onRetry?: () => void
): Promise<T> {
  const deadline = ticks() + withinMs
  const backoff = new Backoff()
  for (;;) {
    if (signal.aborted) throw closed()
    try {
      return await attempt()
    } catch (error) {
      if (!hasCode(error, 'BROKER_UNAVAILABLE') || signal.aborted) throw error
      const pause = backoff.next()
      if (ticks() + pause > deadline) throw error
      await pausing(pause, signal)
      onRetry?.()
    }
  }
}

/** Sleeps; cut short when `signal` is aborted. */
export async function pausing(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch {
    // aborted: the caller looks at the signal itself
  }
}

export function closed(): StreamsError {
  return new StreamsError('BROKER_UNAVAILABLE', 'the client was closed')
}
