/** What a thread does with its time. */
export type Activity = 'process' | 'commit' | 'maintain' | 'idle' | 'other'

/**
 * How a thread spends its time, ms: the rates are Kafka Streams' process and commit ratios (KIP-444), and add up to 1. `process` has
 * punctuation in it, `other` what else the event loop does: fetches, heartbeats, HTTP.
 */
export class ThreadTimes {
  readonly spentMs: Record<Activity, number> = {
    process: 0,
    commit: 0,
    maintain: 0,
    idle: 0,
    other: 0
  }
  /** Of it: spent waiting for brokers, ms (KIP-761): for acknowledgements, positions and transactions, and for room in the producer. */
  blockedMs = 0
  #last = performance.now()

  /** The time since the last call went into this. */
  spent(activity: Activity): void {
    const now = performance.now()
    this.spentMs[activity] += now - this.#last
    this.#last = now
  }
}
