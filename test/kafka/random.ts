/** Seeded random numbers (mulberry32), so that a failing case can be run again. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * bound)
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T
  }

  /** Bytes that compress somewhat: runs of one value. */
  bytes(length: number): Buffer {
    const made = Buffer.alloc(length)
    for (let at = 0; at < length; ) {
      const end = Math.min(length, at + 1 + this.below(20))
      made.fill(this.below(256), at, end)
      at = end
    }
    return made
  }
}
