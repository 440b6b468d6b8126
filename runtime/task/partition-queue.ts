import { RecordCursor } from '../../kafka/batch/record-cursor.ts'
import type { Fetched } from '../../kafka/port/consumer.ts'

/** Event time of the record that the cursor stands on, ms; a negative one: skip it. */
export type TimestampOf = (cursor: RecordCursor, partitionTime: number) => number

/**
 * What was fetched of one partition and not yet processed. Batches stay bytes; the cursor stands on the head record, whose key
 * and value are decoded only when it is processed.
 */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  /** Stands on the head record while `hasHead`. */
  readonly cursor = new RecordCursor()
  hasHead = false
  /** Event time of the head record, ms. */
  headTimestamp = -1
  /** Fetched bytes not yet processed, whole batches. */
  bufferedBytes = 0
  /** Where to go on after a restart: after the last processed record, or past the gap behind it. */
  position: number
  /** Highest timestamp processed, ms; -1 at first. Kafka Streams' partition time. */
  partitionTime: number
  readonly #timestampOf: TimestampOf | undefined
  readonly #waiting: Fetched[] = []
  #open: Fetched | undefined

  /** @param timestampOf undefined: the records' own timestamps */
  constructor(
    topic: string,
    partition: number,
    position: number,
    partitionTime: number,
    timestampOf?: TimestampOf
  ) {
    this.#timestampOf = timestampOf
    this.topic = topic
    this.partition = partition
    this.position = position
    this.partitionTime = partitionTime
  }

  push(fetched: Fetched): void {
    this.#waiting.push(fetched)
    this.bufferedBytes += fetched.batches.end - fetched.batches.start
    if (!this.hasHead) this.#advance()
  }

  /** The head record is done: the next one becomes the head. */
  consume(): void {
    this.position = this.cursor.offset + 1
    this.#advance()
  }

  /** Forgets what was not processed. */
  drop(): void {
    for (const fetched of [this.#open, ...this.#waiting]) fetched?.release?.()
    this.#open = undefined
    this.#waiting.length = 0
    this.bufferedBytes = 0
    this.hasHead = false
  }

  #advance(): void {
    for (;;) {
      if (this.#open !== undefined) {
        if (this.cursor.next()) {
          this.headTimestamp =
            this.#timestampOf === undefined
              ? this.cursor.timestamp
              : this.#timestampOf(this.cursor, this.partitionTime)
          if (this.headTimestamp < 0 && this.#timestampOf !== undefined) {
            this.position = this.cursor.offset + 1
            continue
          }
          this.hasHead = true
          return
        }
        const { next, start, end } = this.#open.batches
        this.position = Math.max(this.position, next)
        this.bufferedBytes -= end - start
        // every value was decoded into objects of its own
        this.#open.release?.()
      }
      this.#open = this.#waiting.shift()
      if (this.#open === undefined) {
        this.hasHead = false
        return
      }
      this.cursor.open(this.#open.batches)
    }
  }
}
