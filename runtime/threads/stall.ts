import type { Progress } from '../task/progress.ts'

/** Notices when a thread has neither finished a record nor given its event loop a turn for too long. */
export class Stall {
  readonly #progress: Progress
  readonly #mostMs: number
  /** As last seen, and since when it is so; a thread that has not begun has none. */
  #beats = 0
  #since = Number.NaN
  #lookedAt = Number.NaN
  #told = false

  constructor(progress: Progress, mostMs: number) {
    this.#progress = progress
    this.#mostMs = mostMs
  }

  /** How often to look, ms. */
  get everyMs(): number {
    return Math.max(10, Math.min(500, this.#mostMs / 4))
  }

  /** Returns true once for each stall. @param now any clock that never goes back, ms */
  look(now: number): boolean {
    const { beats } = this.#progress
    // the whole process was frozen: the thread is not to blame
    const frozen = now - this.#lookedAt > this.#mostMs / 2 + this.everyMs
    this.#lookedAt = now
    if (beats !== this.#beats || frozen) {
      this.#beats = beats
      this.#since = now
      this.#told = false
      return false
    }
    if (this.#told || !(now - this.#since >= this.#mostMs)) return false
    this.#told = true
    return true
  }
}
