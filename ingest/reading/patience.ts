import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode, type Logger, type StreamsError } from '../../index.ts'

const firstPauseMs = 200
const longestPauseMs = 30_000

/** Tries again what a store refuses, as long as it takes: pauses double up to 30 s, each between half and all of that, so that many do not come at once. */
export class Patience {
  readonly #what: string
  readonly #logger: Logger
  readonly #signal: AbortSignal
  #failures = 0

  constructor(what: string, logger: Logger, signal: AbortSignal) {
    this.#what = what
    this.#logger = logger
    this.#signal = signal
  }

  /** Something worked: the next pause is a short one again. */
  reset(): void {
    this.#failures = 0
  }

  /** Rejects with any other error than OBJECT_STORE_UNAVAILABLE, and when aborted. */
  async through<T>(action: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const result = await action()
        this.reset()
        return result
      } catch (error) {
        await this.pause(error)
      }
    }
  }

  /** Waits after that failure; rethrows what waiting does not help. */
  async pause(error: unknown): Promise<void> {
    this.#signal.throwIfAborted()
    if (!hasCode(error, 'OBJECT_STORE_UNAVAILABLE')) throw error
    const pauseMs = Math.min(firstPauseMs * 2 ** this.#failures++, longestPauseMs) * (0.5 + Math.random() / 2)
    const message = (error as StreamsError).message
    this.#logger.warn(`${this.#what}: ${message}; trying again in ${Math.round(pauseMs)} ms`)
    await sleep(pauseMs, undefined, { signal: this.#signal })
  }
}
