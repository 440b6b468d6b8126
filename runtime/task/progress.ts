/*
 * One word each, doubles, written by the thread alone and read by the watchdog:
 *
 *   0  turns of the event loop and records done so far
 *   1  the task at work, by its place in `Plan.tasks`; -1: none
 *   2  which of its inputs the record at work is of; -1: none, such as in punctuation and at commits
 *   3  that record's offset
 */
const beats = 0
const task = 1
const input = 2
const offset = 3
const words = 4

/** Where a thread is at work. */
export interface Work {
  readonly task: number
  /** Undefined: no record's. */
  readonly record: { readonly input: number; readonly offset: number } | undefined
}

/** How far a thread has come, in memory that other threads can read while this one does not answer. */
export class Progress {
  readonly memory: SharedArrayBuffer
  readonly #words: Float64Array

  /** @param memory another thread's; else one of its own is made */
  constructor(memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(words * Float64Array.BYTES_PER_ELEMENT)
    this.#words = new Float64Array(this.memory)
    if (memory === undefined) this.leave()
  }

  /** Rises for as long as the thread does anything at all. */
  get beats(): number {
    return this.#words[beats] as number
  }

  /** What the thread is at; undefined while no task has its turn. */
  get work(): Work | undefined {
    const at = this.#words[task] as number
    if (at < 0) return undefined
    const of = this.#words[input] as number
    return { task: at, record: of < 0 ? undefined : { input: of, offset: this.#words[offset] as number } }
  }

  /** The event loop had its turn. */
  beat(): void {
    ;(this.#words[beats] as number)++
  }

  /** A task begins its turn. */
  enter(index: number): void {
    const found = this.#words
    ;(found[beats] as number)++
    found[input] = -1
    found[task] = index
  }

  /** That task begins a record. */
  record(of: number, at: number): void {
    const found = this.#words
    ;(found[beats] as number)++
    found[offset] = at
    found[input] = of
  }

  /** Its turn is over. */
  leave(): void {
    this.#words[task] = -1
  }
}
