import type { PartitionQueue } from './partition-queue.ts'

/** Records a partition still has on its broker; undefined while the broker has not answered. */
export type LagOf = (topic: string, partition: number) => number | undefined

/**
 * Picks the record to process next: the oldest head of all partitions, so that streams and tables meet in event-time order. While
 * a partition is empty that is only sure when the broker has nothing more for it; `max.task.idle.ms` says how long to wait beyond
 * that (KIP-695; Kafka's `PartitionGroup`).
 */
export class PartitionGroup {
  readonly queues: readonly PartitionQueue[]
  /** Highest timestamp that the task has reached, the record being processed included, ms; -1 at first. */
  streamTime: number
  readonly #maxIdleMs: number
  readonly #lagOf: LagOf
  #ready = false
  #idleSince = -1

  constructor(queues: readonly PartitionQueue[], maxIdleMs: number, lagOf: LagOf) {
    this.queues = queues
    this.streamTime = Math.max(-1, ...queues.map((queue) => queue.partitionTime))
    this.#maxIdleMs = maxIdleMs
    this.#lagOf = lagOf
  }

  /** Looks again whether empty partitions may be passed over. Called at the start of each slice. */
  refresh(now: number): void {
    this.#ready = this.#mayProceed(now)
  }

  /** The queue whose head is next, or null if there is nothing to do now. */
  next(): PartitionQueue | null {
    if (!this.#ready) return null
    let oldest: PartitionQueue | null = null
    for (const queue of this.queues)
      if (queue.hasHead && (oldest === null || queue.headTimestamp < oldest.headTimestamp)) oldest = queue
    return oldest
  }

  /** To be called before the head of `queue` is processed: stream time includes it. */
  reached(queue: PartitionQueue): void {
    const timestamp = queue.headTimestamp
    if (timestamp > queue.partitionTime) queue.partitionTime = timestamp
    if (timestamp > this.streamTime) this.streamTime = timestamp
  }

  /** To be called after the head of `queue` was processed. */
  consumed(queue: PartitionQueue, now: number): void {
    queue.consume()
    if (!queue.hasHead) this.refresh(now)
  }

  #mayProceed(now: number): boolean {
    if (this.#maxIdleMs < 0) return true
    let empty = false
    for (const queue of this.queues) {
      if (queue.hasHead) continue
      empty = true
      if (this.#lagOf(queue.topic, queue.partition) !== 0) {
        this.#idleSince = -1
        return false
      }
    }
    if (!empty || this.#maxIdleMs === 0) {
      this.#idleSince = -1
      return true
    }
    if (this.#idleSince < 0) this.#idleSince = now
    return now - this.#idleSince >= this.#maxIdleMs
  }
}
