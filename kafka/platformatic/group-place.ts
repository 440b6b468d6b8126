import type { Heartbeats } from './heartbeats.ts'
import { ticks } from './retry.ts'

export interface GroupPlaceOptions {
  readonly sessionTimeoutMs: number
  /** How long a join may wait for the other members. */
  readonly rebalanceTimeoutMs: number
}

/** Whether a member still has its place, by what the group has answered. Once lost, it stays so until a join is answered. */
export class GroupPlace {
  readonly #options: GroupPlaceOptions
  #heartbeats: Heartbeats | undefined
  #heardAt = Number.NEGATIVE_INFINITY
  /** A join is under way that began in place: the broker answers it when the others have joined. */
  #waits = false

  constructor(options: GroupPlaceOptions) {
    this.#options = options
  }

  get isHeld(): boolean {
    const latest = this.#heartbeats?.latest
    if (latest === 'fenced' || latest === 'unknown-member') return false
    const { sessionTimeoutMs, rebalanceTimeoutMs } = this.#options
    const most = this.#waits ? Math.max(rebalanceTimeoutMs, sessionTimeoutMs) : sessionTimeoutMs
    return ticks() - this.#lastHeard <= most
  }

  get #lastHeard(): number {
    return Math.max(this.#heardAt, this.#heartbeats?.heardAt ?? Number.NEGATIVE_INFINITY)
  }

  /** A join was answered; from now on by these. */
  taken(heartbeats: Heartbeats): void {
    this.#heardAt = ticks()
    this.#heartbeats = heartbeats
  }

  /** A join begins: there are no heartbeats meanwhile. */
  joins(): void {
    this.#heardAt = this.isHeld ? this.#lastHeard : Number.NEGATIVE_INFINITY
    this.#heartbeats = undefined
  }

  /** One attempt to join. */
  async waiting<T>(attempt: () => Promise<T>): Promise<T> {
    this.#waits = this.isHeld
    try {
      return await attempt()
    } finally {
      this.#waits = false
    }
  }

  lost(): void {
    this.#heartbeats = undefined
    this.#heardAt = Number.NEGATIVE_INFINITY
  }
}
