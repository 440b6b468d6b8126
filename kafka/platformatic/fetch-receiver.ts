import { StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import { checkBatches } from '../batch/check-batches.ts'
import type { RecordBatches } from '../batch/record-batches.ts'
import type { ConsumedPartition } from './consumed-partition.ts'
import { brokerCode, brokerError, isRetriable } from './errors.ts'
import type { DivergingEpoch, FetchAnswer, FetchedPartition } from './fetch-api.ts'
import type { FetchLease } from './fetch-buffers.ts'
import { partitionKey } from './fetch-session.ts'
import { ticks } from './retry.ts'
import { surveyBatches } from './survey-batches.ts'

/** A topic that the metadata lacks for this long is gone; before, it may be new. */
export const missingTopicMs = 10_000
/** So is one whose id the leader does not know for this long; it may lag behind the metadata. */
const missingIdMs = 30_000
/** How long a follower is read from before the leader is asked again, Kafka's own metadata.max.age.ms. */
const replicaMs = 300_000

/** A partition whose position is not in the broker's log. */
export interface Outside {
  readonly state: ConsumedPartition
  /** There if the log is another one from some offset below the position on. */
  readonly diverging: DivergingEpoch | undefined
}

/** What was asked of whom. */
export interface Asked {
  readonly node: number
  /** By partitionKey. */
  readonly states: ReadonlyMap<string, ConsumedPartition>
  /** The answer leaves out partitions of which there is nothing new. */
  readonly newsOnly: boolean
}

export interface Received {
  readonly outside: readonly Outside[]
  /** Whole batches that arrived. */
  readonly batches: number
}

/** Where a partition's batches come from. */
interface Source {
  readonly bytes: Buffer
  readonly lease: FetchLease
  readonly turn: number
}

/** Puts what a broker answered where it belongs. */
export class FetchReceiver {
  readonly #current: ReadonlyMap<string, ConsumedPartition>
  readonly #readCommitted: boolean
  #turn = 0

  constructor(current: ReadonlyMap<string, ConsumedPartition>, readCommitted: boolean) {
    this.#current = current
    this.#readCommitted = readCommitted
  }

  /** False for an assignment that was moved or taken away meanwhile; what comes for it is dropped. */
  isCurrent(state: ConsumedPartition): boolean {
    return this.#current.get(partitionName(state.topic, state.partition)) === state
  }

  receive(answer: FetchAnswer, asked: Asked): Received {
    const turn = ++this.#turn
    const silent = asked.newsOnly ? new Set(asked.states.values()) : undefined
    const outside: Outside[] = []
    const { bytes, lease } = answer
    let batches = 0
    for (const fetched of answer.partitions) {
      const state = asked.states.get(partitionKey(fetched))
      if (state === undefined || !this.isCurrent(state)) continue
      silent?.delete(state)
      const { errorCode, diverging } = fetched
      if (errorCode !== 0 && state.replica === asked.node) this.#leaveReplica(state)
      else if (errorCode === brokerCode.offsetOutOfRange) outside.push({ state, diverging: undefined })
      else if (errorCode !== 0) this.#refused(state, errorCode, asked.node)
      else if (diverging !== undefined) outside.push({ state, diverging })
      else if (fetched.preferredReplica >= 0) this.#readFrom(state, fetched.preferredReplica)
      else batches += this.#arrived(state, fetched, { bytes, lease, turn })
    }
    for (const state of silent ?? []) this.#nothingNew(state)
    lease.release()
    return { outside, batches }
  }

  /** Notes that a partition is unknown; after `forMs` that is an error. */
  missing(state: ConsumedPartition, forMs: number): void {
    const now = ticks()
    if (state.missingSince === 0) state.missingSince = now
    else if (now - state.missingSince > forMs)
      state.failure = new StreamsError(
        'TOPIC_MISSING',
        `${partitionName(state.topic, state.partition)}: it does not exist, asked for ${forMs / 1000} s`
      )
  }

  /** Returns how many batches arrived. */
  #arrived(state: ConsumedPartition, fetched: FetchedPartition, { bytes, lease, turn }: Source): number {
    const { recordsStart, recordsEnd, highWatermark, lastStableOffset, aborted } = fetched
    state.end = this.#readCommitted ? lastStableOffset : highWatermark
    this.#nothingNew(state)
    try {
      const { topic, partition, position } = state
      const { end, nextOffset } = checkBatches(bytes, recordsStart, recordsEnd, topic, partition, position)
      if (nextOffset <= position) return 0
      state.dry = false
      const survey = surveyBatches(bytes, recordsStart, end, position, aborted)
      const { skip, wanted, batches, lastEpoch } = survey
      const { release, ...held } = lease.hold(recordsStart, end)
      const range = { ...held, from: position, next: nextOffset }
      const arrived: RecordBatches = skip === undefined ? range : { ...range, skip }
      state.served = turn
      state.arrive(
        { topic, partition, batches: arrived, highWatermark, lastStableOffset, release },
        wanted,
        lastEpoch
      )
      return batches
    } catch (error) {
      if (!(error instanceof StreamsError)) throw error
      state.failure = error
      return 0
    }
  }

  /** The broker has answered, without records. */
  #nothingNew(state: ConsumedPartition): void {
    state.missingSince = 0
    state.unsure = false
    state.dry = state.position < state.end
    state.backoff.reset()
  }

  #readFrom(state: ConsumedPartition, replica: number): void {
    state.replica = replica
    state.replicaUntil = ticks() + replicaMs
    // nothing was asked of it yet
    state.unsure = true
  }

  /** Whatever a follower does not have, or is not (any more), the leader may. */
  #leaveReplica(state: ConsumedPartition): void {
    state.replica = -1
    state.unsure = true
    // the leader might name the same follower at once
    state.putOff(ticks())
  }

  #refused(state: ConsumedPartition, code: number, node: number): void {
    const name = partitionName(state.topic, state.partition)
    const where = `fetching ${name} at offset ${state.position} from broker ${node}`
    if (code === brokerCode.corruptMessage) {
      state.failure = new StreamsError('BATCH_CORRUPT', `${where}: the broker found its log damaged`)
      return
    }
    // -1 is any exception within the broker; it may be gone with the next attempt
    if (code !== -1 && !isRetriable(code)) {
      state.failure = brokerError(where, code)
      return
    }
    if (
      code === brokerCode.unknownTopicId ||
      code === brokerCode.inconsistentTopicId ||
      code === brokerCode.unknownTopicOrPartition
    )
      this.missing(state, missingIdMs)
    state.stale = true
    state.putOff(ticks())
  }
}
