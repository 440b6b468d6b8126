import { heartbeatV4 } from '@platformatic/kafka'
import { defaultChannel } from './connections.ts'
import type { Coordinator } from './coordinator.ts'
import { brokerCode } from './errors.ts'
import type { Membership } from './group-offsets.ts'
import { ticks } from './retry.ts'

export interface HeartbeatOptions {
  readonly intervalMs: number
  readonly sessionTimeoutMs: number
}

/** What the group said last. `silent`: nothing for a whole session, so the place may be gone. */
export type HeartbeatNews = 'fine' | 'fenced' | 'unknown-member' | 'rebalance' | 'silent'

const news: ReadonlyMap<number, HeartbeatNews> = new Map([
  [brokerCode.none, 'fine'],
  [brokerCode.fencedInstanceId, 'fenced'],
  [brokerCode.unknownMemberId, 'unknown-member'],
  [brokerCode.illegalGeneration, 'rebalance'],
  [brokerCode.rebalanceInProgress, 'rebalance']
])

/** Keeps one generation's membership alive, on a connection of its own so that no other answer is in the way. */
export class Heartbeats {
  readonly #coordinator: Coordinator
  readonly #membership: Membership
  readonly #options: HeartbeatOptions
  #timer: NodeJS.Timeout | undefined
  #latest: HeartbeatNews = 'fine'
  #heardAt = ticks()
  #stopped = false

  constructor(coordinator: Coordinator, membership: Membership, options: HeartbeatOptions) {
    this.#coordinator = coordinator
    this.#membership = membership
    this.#options = options
    this.#schedule()
  }

  get latest(): HeartbeatNews {
    if (this.#latest !== 'fine') return this.#latest
    return ticks() - this.#heardAt > this.#options.sessionTimeoutMs ? 'silent' : 'fine'
  }

  /** When the last heartbeat was sent that the group has answered. */
  get heardAt(): number {
    return this.#heardAt
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #schedule(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => void this.#beat(), this.#options.intervalMs)
    this.#timer.unref()
  }

  async #beat(): Promise<void> {
    const { groupId, generation, memberId, instanceId } = this.#membership
    // a lost heartbeat must not keep the next ones waiting for longer than the session lasts
    const channel = { ...defaultChannel, requestTimeoutMs: Math.ceil(this.#options.sessionTimeoutMs / 3) }
    // not when the answer is read: it may have waited for a process that was frozen
    const sentAt = ticks()
    try {
      const answer = await this.#coordinator.call(
        'heartbeat',
        channel,
        heartbeatV4.api,
        groupId,
        generation,
        memberId,
        instanceId
      )
      this.#coordinator.note(answer.errorCode)
      const heard = news.get(answer.errorCode)
      if (heard !== undefined) {
        this.#latest = heard
        this.#heardAt = sentAt
      }
    } catch {
      // brokers that are away: tried again at the next beat; `latest` tells when that took too long
    }
    // who is fenced or forgotten stays so; a rebalance goes on until the member joins
    if (this.#latest === 'fine' || this.#latest === 'rebalance') this.#schedule()
  }
}
