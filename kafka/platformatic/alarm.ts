import { ticks } from './retry.ts'

/** One timer for many deadlines: rings at the earliest asked for. Who is still waiting then asks again. */
export class Alarm {
  readonly #ring: () => void
  #timer: NodeJS.Timeout | undefined
  #at = Number.POSITIVE_INFINITY

  constructor(ring: () => void) {
    this.#ring = ring
  }

  /** Rings at that time (see ticks) or earlier. */
  by(at: number): void {
    if (this.#at <= at) return
    clearTimeout(this.#timer)
    this.#at = at
    this.#timer = setTimeout(
      () => {
        // timers may fire a little early: what is due must not be judged by the clock
        this.#at = Number.POSITIVE_INFINITY
        this.#ring()
      },
      Math.max(Math.ceil(at - ticks()), 1)
    )
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#at = Number.NEGATIVE_INFINITY
  }
}
