/** Random numbers that are the same in every run of a seed (mulberry32). */
export class Random {
  #state: number

  /** `purpose` gives each use a sequence of its own, so that one use more does not change the others. */
  constructor(seed: number, purpose = '') {
    this.#state = seed | 0
    for (let i = 0; i < purpose.length; i++)
      this.#state = Math.imul(this.#state ^ purpose.charCodeAt(i), 0x01000193)
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * bound)
  }

  chance(share: number): boolean {
    return this.below(1_000_000) < share * 1_000_000
  }

  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.below(choices.length)]
    if (chosen === undefined) throw new Error('nothing to choose from')
    return chosen
  }

  shuffled<T>(items: readonly T[]): T[] {
    const left = [...items]
    return items.map(() => left.splice(this.below(left.length), 1)[0] as T)
  }
}
