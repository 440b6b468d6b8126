/**
 * Waits that double, each drawn between half of itself and the whole, so that those who failed together do not come back together.
 */
export class Backoff {
  readonly #firstMs: number
  readonly #mostMs: number
  readonly #random: () => number
  #nextMs: number

  constructor(firstMs: number, mostMs: number, random: () => number = Math.random) {
    this.#firstMs = firstMs
    this.#mostMs = mostMs
    this.#random = random
    this.#nextMs = firstMs
  }

  /** How long to wait this time, ms. */
  next(): number {
    const most = this.#nextMs
    this.#nextMs = Math.min(most * 2, this.#mostMs)
    return most / 2 + (this.#random() * most) / 2
  }

  /** It worked: the next wait is the first again. */
  reset(): void {
    this.#nextMs = this.#firstMs
  }
}
