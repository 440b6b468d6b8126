import { StreamsError } from '../../core/errors.ts'

/** Something with entries that wait for a commit. */
export interface Uncommitted {
  readonly uncommittedBytes: number
}

/** What the stores of a thread may keep uncommitted together. It is summed up when it matters, so puts need not count for it. */
export class UncommittedBudget {
  readonly maxBytes: number
  readonly #stores = new Set<Uncommitted>()

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  add(store: Uncommitted): void {
    this.#stores.add(store)
  }

  remove(store: Uncommitted): void {
    this.#stores.delete(store)
  }

  get leftBytes(): number {
    let left = this.maxBytes
    for (const { uncommittedBytes } of this.#stores) left -= uncommittedBytes
    return left
  }
}

/**
 * How much of a store one callback may change. At its share the store asks for a commit, which comes after the callback. Until then it may have
 * twice its share, and whatever the thread's other stores leave of the budget: a share is small where an application has many stores, most
 * of which are idle. The budget is overdrawn by a share of each store at most.
 */
export class CallbackLimit {
  readonly #store: string
  readonly #shareBytes: number
  readonly #budget: UncommittedBudget | undefined
  #allowedBytes: number

  /** @param budget undefined: there is none but the share */
  constructor(store: string, shareBytes: number, budget: UncommittedBudget | undefined) {
    this.#store = store
    this.#shareBytes = shareBytes
    this.#budget = budget
    this.#allowedBytes = 2 * shareBytes
  }

  /** Throws BUFFER_OVERFLOW when the store must not have so much uncommitted. */
  check(uncommittedBytes: number): void {
    if (uncommittedBytes <= this.#allowedBytes) return
    const left = this.#budget?.leftBytes ?? 0
    if (left > 0) {
      // a share at a time: the others count what they take meanwhile
      this.#allowedBytes = uncommittedBytes + Math.min(left, this.#shareBytes)
      return
    }
    const together =
      this.#budget === undefined ? '' : `, or ${this.#budget.maxBytes} with the thread's others`
    throw new StreamsError(
      'BUFFER_OVERFLOW',
      `one callback changed more of store ${this.#store} than may wait for a commit: ${uncommittedBytes} bytes, ` +
        `twice its bound of ${this.#shareBytes}${together}; change fewer keys at a time or raise the bound`
    )
  }

  /** To be called when nothing is uncommitted any more. */
  reset(): void {
    this.#allowedBytes = 2 * this.#shareBytes
  }
}
