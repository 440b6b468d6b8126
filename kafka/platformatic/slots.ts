import { StreamsError } from '../../core/errors.ts'

/** Lets so many through at once, and the others in the order in which they came. */
export class Slots {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(count: number) {
    this.#free = count
  }

  /** Takes a slot if one is free and nobody waits: callers that follow each other then keep their order without awaiting. */
  tryTake(): boolean {
    if (this.#free === 0) return false
    this.#free--
    return true
  }

  /** Resolves with a slot taken. Throws BROKER_UNAVAILABLE after `withinMs`. */
  async take(what: string, withinMs: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(enter)
        reject(
          new StreamsError(
            'BROKER_UNAVAILABLE',
            `${what}: earlier requests were not answered for ${withinMs} ms`
          )
        )
      }, withinMs)
      this.#waiting.add(enter)
    })
  }

  /** Gives a slot back: the first in the queue has it at once. */
  release(): void {
    const next = this.#waiting.values().next()
    if (next.done === true) this.#free++
    else {
      this.#waiting.delete(next.value)
      next.value()
    }
  }
}
