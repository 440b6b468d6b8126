import type { StreamsError } from '../../core/errors.ts'
import type { Fetched } from '../port/consumer.ts'
import { Backoff } from './retry.ts'

interface Arrived {
  readonly fetched: Fetched
  /** False for markers and aborted batches alone. */
  readonly wanted: boolean
}

/**
 * One assignment of one partition. Moving a partition makes a new one, so that an answer to a request of the former can be told by
 * identity, and dropped.
 */
export class ConsumedPartition {
  readonly topic: string
  readonly partition: number
  paused = false
  /** The offset to fetch next: after all that has arrived. NaN makes this field a double from the start. */
  position = Number.NaN
  /** Leader epoch of the last record before `position`; -1 before the first record that came. */
  lastEpoch = -1
  /** Known end of what can be delivered: the last stable offset or the high watermark. -1 before the first answer. */
  end = -1
  /** `end` may have moved on long ago. */
  unsure = true
  /** The topic's id when this assignment first saw it. */
  topicId: string | undefined
  /** Part of a request under way. */
  busy = false
  /** Its position is being looked up, because it was outside the log. */
  resetting = false
  /** Its leader must be looked up again. */
  stale = false
  /** The last answer had nothing although `end` promises more; the next is left to the long poll. */
  dry = false
  /** Turn in which it was last served; who waited longest goes first in the next request. */
  served = 0
  /** Not asked for before this time (see ticks). */
  retryAt = 0
  /** Since when the topic or its id is unknown; 0 if it is known. */
  missingSince = 0
  failure: StreamsError | undefined
  /** A follower that the leader sent us to (KIP-392); -1: none. */
  replica = -1
  /** Until when (see ticks). The leader is then asked again, and may name it again. */
  replicaUntil = 0
  readonly backoff = new Backoff()
  arrivedBytes = 0
  #arrived: Arrived[] = []

  constructor(topic: string, partition: number, offset: number, lastEpoch = -1) {
    this.topic = topic
    this.partition = partition
    this.position = offset
    this.lastEpoch = lastEpoch
  }

  resume(): void {
    this.paused = false
    this.unsure = true
    this.dry = false
  }

  /** Worth a request that does not wait. */
  mayHaveData(): boolean {
    return !this.dry && (this.unsure || this.position < this.end)
  }

  arrive(fetched: Fetched, wanted: boolean, lastEpoch: number): void {
    this.#arrived.push({ fetched, wanted })
    this.arrivedBytes += fetched.batches.end - fetched.batches.start
    this.position = fetched.batches.next
    this.lastEpoch = lastEpoch
  }

  /** Goes on from elsewhere, after all that has arrived. */
  moveTo(offset: number, lastEpoch: number): void {
    this.position = offset
    this.lastEpoch = lastEpoch
    this.unsure = true
    this.dry = false
  }

  /** Goes back, as far as to the first offset that was not taken. What has arrived is dropped, and fetched again if it is still there. */
  rewind(offset: number, lastEpoch: number): void {
    this.moveTo(Math.min(offset, this.#arrived[0]?.fetched.batches.from ?? this.position), lastEpoch)
    this.drop()
  }

  /** Forgets what has arrived. */
  drop(): void {
    for (const { fetched } of this.#arrived) fetched.release?.()
    this.#arrived = []
    this.arrivedBytes = 0
  }

  /** Whom to ask: the replica that the leader named, as long as that holds. */
  source(leader: number, now: number): number {
    if (this.replica >= 0 && this.replicaUntil <= now) this.replica = -1
    return this.replica >= 0 ? this.replica : leader
  }

  hasArrived(): boolean {
    return this.#arrived.length > 0
  }

  /** Moves what has arrived to `into`. */
  drain(into: Fetched[]): void {
    for (const { fetched } of this.#arrived) into.push(fetched)
    this.#arrived = []
    this.arrivedBytes = 0
  }

  /** The next offset to be delivered, past what holds nothing to deliver. */
  nextOffset(): number {
    return this.#arrived.find(({ wanted }) => wanted)?.fetched.batches.from ?? this.position
  }

  /** Puts off the next request for this partition. */
  putOff(now: number): void {
    this.retryAt = now + this.backoff.next()
  }
}
