import { StreamsError } from '../../core/errors.ts'
import type { Alarm } from './alarm.ts'
import type { Cluster } from './cluster.ts'
import type { ConsumedPartition } from './consumed-partition.ts'
import { connectionError } from './errors.ts'
import { type FetchReceiver, missingTopicMs } from './fetch-receiver.ts'
import { Backoff, ticks } from './retry.ts'

/** Who is told of the outcome. */
export interface LeadersListener {
  failed(failure: StreamsError, states: readonly ConsumedPartition[]): void
  /** A partition has failed for good. */
  wake(): void
  /** The look-up is over. */
  schedule(): void
}

/** Looks up who leads the partitions: one look-up at a time, with pauses while there is no answer to them. */
export class FetchLeaders {
  readonly #cluster: Cluster
  readonly #partitions: ReadonlyMap<string, ConsumedPartition>
  readonly #receiver: FetchReceiver
  readonly #alarm: Alarm
  readonly #listener: LeadersListener
  readonly #backoff = new Backoff()
  #refreshing = false
  #refreshAt = 0

  constructor(
    cluster: Cluster,
    partitions: ReadonlyMap<string, ConsumedPartition>,
    receiver: FetchReceiver,
    alarm: Alarm,
    listener: LeadersListener
  ) {
    this.#cluster = cluster
    this.#partitions = partitions
    this.#receiver = receiver
    this.#alarm = alarm
    this.#listener = listener
  }

  /** Node id; -1 when it must be looked up. */
  of(state: ConsumedPartition): number {
    return this.#cluster.topic(state.topic)?.partitions[state.partition]?.leader ?? -1
  }

  refresh(now: number): void {
    if (this.#refreshing) return
    if (this.#refreshAt > now) {
      this.#alarm.by(this.#refreshAt)
      return
    }
    this.#refreshing = true
    void this.#lookUp().finally(() => {
      this.#refreshing = false
      this.#listener.schedule()
    })
  }

  async #lookUp(): Promise<void> {
    const asked = [...this.#partitions.values()].filter((state) => state.stale || this.of(state) < 0)
    let found = false
    try {
      await this.#cluster.refresh([...new Set(asked.map(({ topic }) => topic))])
      found = true
      for (const state of asked) if (!this.#lookedUp(state)) found = false
    } catch (error) {
      this.#listener.failed(connectionError('looking up partition leaders', error), asked)
    }
    if (found) this.#backoff.reset()
    else this.#refreshAt = ticks() + this.#backoff.next()
  }

  /** False while the partition has no leader. */
  #lookedUp(state: ConsumedPartition): boolean {
    const topic = this.#cluster.topic(state.topic)
    const partition = topic?.partitions[state.partition]
    if (topic === undefined || partition === undefined) this.#receiver.missing(state, missingTopicMs)
    else if (state.topicId !== undefined && state.topicId !== topic.id)
      // positions of the former topic mean nothing in the new one
      state.failure = new StreamsError('TOPIC_MISSING', `topic '${state.topic}' was deleted and made again`)
    else state.stale = false
    if (state.failure !== undefined) this.#listener.wake()
    return partition !== undefined && partition.leader >= 0
  }
}
