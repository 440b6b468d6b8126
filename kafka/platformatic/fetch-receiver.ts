import { StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import { checkBatches } from '../batch/check-batches.ts'
import type { RecordBatches } from '../batch/record-batches.ts'
import type { ConsumedPartition } from './consumed-partition.ts'
import { brokerCode, brokerError, isRetriable } from './errors.ts'
import type { FetchAnswer, FetchedPartition } from './fetch-api.ts'
import { ticks } from './retry.ts'
import { surveyBatches } from './survey-batches.ts'

/** A topic that the metadata lacks for this long is gone; before, it may be new. */
export const missingTopicMs = 10_000
/** So is one whose id the leader does not know for this long; it may lag behind the metadata. */
const missingIdMs = 30_000

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

  /** Returns the partitions whose position is outside the log. */
  receive(answer: FetchAnswer, asked: readonly ConsumedPartition[], from: string): ConsumedPartition[] {
    const byId = new Map(asked.map((state) => [`${state.topicId}/${state.partition}`, state]))
    const turn = ++this.#turn
    const outside: ConsumedPartition[] = []
    for (const fetched of answer.partitions) {
      const state = byId.get(`${fetched.topicId}/${fetched.partition}`)
      if (state === undefined || !this.isCurrent(state)) continue
      if (fetched.errorCode === brokerCode.offsetOutOfRange) outside.push(state)
      else if (fetched.errorCode !== 0) this.#refused(state, fetched.errorCode, from)
      else this.#arrived(state, fetched, answer.bytes, turn)
    }
    return outside
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

  #arrived(state: ConsumedPartition, fetched: FetchedPartition, bytes: Buffer, turn: number): void {
    const { recordsStart, recordsEnd, highWatermark, lastStableOffset, aborted } = fetched
    state.missingSince = 0
    state.unsure = false
    state.end = this.#readCommitted ? lastStableOffset : highWatermark
    state.backoff.reset()
    try {
      const { topic, partition, position } = state
      const { end, nextOffset } = checkBatches(bytes, recordsStart, recordsEnd, topic, partition)
      state.dry = nextOffset <= position && position < state.end
      if (nextOffset <= position) return
      const { skip, wanted } = surveyBatches(bytes, recordsStart, end, position, aborted)
      const range = { bytes, start: recordsStart, end, from: position, next: nextOffset }
      const batches: RecordBatches = skip === undefined ? range : { ...range, skip }
      state.served = turn
      state.arrive({ topic, partition, batches, highWatermark, lastStableOffset }, wanted)
    } catch (error) {
      if (!(error instanceof StreamsError)) throw error
      state.failure = error
    }
  }

  #refused(state: ConsumedPartition, code: number, from: string): void {
    const where = `fetching ${partitionName(state.topic, state.partition)} at offset ${state.position} from ${from}`
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
