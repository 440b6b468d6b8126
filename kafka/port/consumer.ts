import type { RecordBatches } from '../batch/record-batches.ts'

/** Where a partition is read from. Offsets are doubles: exact up to 2^53. */
export interface Assignment {
  readonly topic: string
  readonly partition: number
  /** The first offset wanted. */
  readonly offset: number
  /**
   * Leader epoch of the record before `offset`, if it is known: a log that was truncated below `offset` since is then told (see `take`).
   * It stands in the head of each record batch (`kafka/batch/batch-header.ts`).
   */
  readonly leaderEpoch?: number
}

/** What one fetch brought for one partition: whole record batches as bytes, checked but not decoded. */
export interface Fetched {
  readonly topic: string
  readonly partition: number
  readonly batches: RecordBatches
  /** Offset after the last record on the leader (uncommitted ones included). */
  readonly highWatermark: number
  /** Offset before which all transactions are decided. */
  readonly lastStableOffset: number
  /**
   * Says that nobody reads the bytes of `batches` any more, nor a cursor's range of them: they may be overwritten then. Need not be called, but saves
   * the garbage collector most of its work; may be called again without effect.
   */
  release?(): void
}

export type IsolationLevel = 'read_committed' | 'read_uncommitted'

export interface ConsumerOptions {
  readonly clientId: string
  /** Default `read_committed`. */
  readonly isolation?: IsolationLevel
  /**
   * What to do when a position is outside the log. `fail` throws OFFSET_OUT_OF_RANGE. Default `fail`. In a log that was truncated below the
   * position (an unclean leader election), the others go on where it was cut.
   */
  readonly offsetReset?: 'earliest' | 'latest' | 'fail'
  /** Most bytes asked for in one fetch of one partition. Default 1 MiB. A larger batch still arrives whole. */
  readonly partitionMaxBytes?: number
  /** Most bytes asked for in one fetch of one broker. Default 16 MiB. */
  readonly maxBytes?: number
  /** How long a broker may wait for data, ms. Default 500. */
  readonly maxWaitMs?: number
  /**
   * Most bytes that may have arrived and not been taken before fetching stops. Default 64 MiB. What is under way then still arrives. When
   * all of it belongs to paused partitions, the others are fetched on, in small requests.
   */
  readonly bufferBytes?: number
  /** Where this client is, by the brokers' `broker.rack`: a replica there is read from if the brokers choose so (KIP-392). */
  readonly rack?: string
}

/**
 * Reads partitions that it is told to read; it knows nothing of groups. One long poll per broker is always under way for
 * the partitions that are not paused. What arrived is taken synchronously.
 */
export interface Consumer {
  /** Adds partitions, or moves those already there. Data fetched for an earlier position is dropped. */
  assign(assignments: readonly Assignment[]): void
  /** Takes partitions away. Nothing of them is delivered after this returns. */
  unassign(partitions: readonly { readonly topic: string; readonly partition: number }[]): void
  pause(topic: string, partition: number): void
  resume(topic: string, partition: number): void
  /**
   * All that has arrived since the last call, in offset order within a partition. Throws what went wrong in the background:
   * BATCH_CORRUPT, OFFSET_OUT_OF_RANGE (where the log was truncated, the message says from which offset on), TOPIC_MISSING,
   * BROKER_REFUSED; brokers that are away are retried for ever.
   */
  take(): readonly Fetched[]
  /** Resolves when there is something to take or to throw, or after `timeoutMs`. */
  arrival(timeoutMs: number): Promise<void>
  /** The next offset to be delivered by `take`, past markers and gaps already seen; undefined if not assigned. */
  position(topic: string, partition: number): number | undefined
  /**
   * Records between the position and the end of the log as this isolation level sees it (high watermark or last stable offset), as
   * the broker last told; undefined until its first answer since the assignment. 0 means caught up.
   */
  lag(topic: string, partition: number): number | undefined
  close(): Promise<void>
}
