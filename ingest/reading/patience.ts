import type { Logger, StreamsError } from '../../index.ts'

const firstPauseMs = 200
const longestPauseMs = 30_000

/** How long to wait before that is tried again which a store refuses: pauses double up to 30 s, each between half and all of that, so that many do not come at once. */
export class Patience {
  readonly #what: string
  readonly #logger: Logger
  #failures = 0

  constructor(what: string, logger: Logger) {
    this.#what = what
    this.#logger = logger
  }

  /** Something worked: the next pause is a short one again. */
  reset(): void {
    this.#failures = 0
  }

  /** How long to wait after that failure, ms. Tells of it. */
  pauseMs(failure: StreamsError): number {
    const pauseMs = Math.min(firstPauseMs * 2 ** this.#failures++, longestPauseMs) * (0.5 + Math.random() / 2)
    this.#logger.warn(`${this.#what}: ${failure.message}; trying again in ${Math.round(pauseMs)} ms`)
    return pauseMs
  }
}
