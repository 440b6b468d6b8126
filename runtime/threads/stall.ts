import type { Progress } from '../task/progress.ts'

/** Notices when a task has been at the same record, punctuation or commit for too long, and its thread's event loop waits for it. */
export class Stall {
  readonly #progress: Progress
  readonly #mostMs: number
  #beats = 0
  #lookedAt = 0
  /** Spent without a beat. */
  #idleMs = 0
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
    const { beats, work } = this.#progress
    // who looks too late had no time for it, and nor had the thread: the process was frozen, or the machine has too much to do
    const passed = Math.min(now - this.#lookedAt, this.everyMs)
    this.#lookedAt = now
    if (beats !== this.#beats || work === undefined) {
      this.#beats = beats
      this.#idleMs = 0
      this.#told = false
      return false
    }
    this.#idleMs += passed
    if (this.#told || this.#idleMs < this.#mostMs) return false
    this.#told = true
    return true
  }
}
