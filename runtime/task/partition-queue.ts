import type { RecordBatches } from '../../kafka/batch/record-batches.ts'
import { RecordCursor } from '../../kafka/batch/record-cursor.ts'

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
  /** Fetched bytes not yet processed, whole batches. */
  bufferedBytes = 0
  /** Where to go on after a restart: after the last processed record, or past the gap behind it. */
  position: number
  /** Highest timestamp processed, ms; -1 at first. Kafka Streams' partition time. */
  partitionTime: number
  readonly #waiting: RecordBatches[] = []
  #open: RecordBatches | undefined

  constructor(topic: string, partition: number, position: number, partitionTime: number) {
    this.topic = topic
    this.partition = partition
    this.position = position
    this.partitionTime = partitionTime
  }

  push(batches: RecordBatches): void {
    this.#waiting.push(batches)
    this.bufferedBytes += batches.end - batches.start
    if (!this.hasHead) this.#advance()
  }

  /** The head record is done: the next one becomes the head. */
  consume(): void {
    const { timestamp, offset } = this.cursor
    if (timestamp > this.partitionTime) this.partitionTime = timestamp
    this.position = offset + 1
    this.#advance()
  }

  #advance(): void {
    for (;;) {
      if (this.#open !== undefined) {
        if (this.cursor.next()) {
          this.hasHead = true
          return
        }
        this.position = Math.max(this.position, this.#open.next)
        this.bufferedBytes -= this.#open.end - this.#open.start
      }
      this.#open = this.#waiting.shift()
      if (this.#open === undefined) {
        this.hasHead = false
        return
      }
      this.cursor.open(this.#open)
    }
  }
}
