import type { Headers } from '../../core/record.ts'
import type { Serde } from '../../core/serde.ts'
import type { GroupOffset, OffsetCommitter } from './group.ts'

export interface ProducerOptions {
  readonly clientId: string
  /** A batch is sent when it has reached this size, bytes before compression. Default 128 KiB. */
  readonly batchBytes?: number
  /** A batch is sent this long after its first record, ms. Default 20. */
  readonly lingerMs?: number
  /** Most bytes in open and unacknowledged batches before `hasRoom` is false. Default 32 MiB. */
  readonly bufferBytes?: number
  /** A larger record is refused with RECORD_TOO_LARGE before it is batched, bytes. Default 1 MiB, the broker's own default. */
  readonly maxRecordBytes?: number
  /** How long a batch is retried before `flush` fails with PRODUCE_FAILED, ms. Default 120,000. */
  readonly deliveryTimeoutMs?: number
  /** Default `none`. */
  readonly compression?: Compression
}

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

/** A topic to write to. Got once, used for each record. */
export interface ProducerTopic {
  readonly name: string
  readonly partitions: number
  /**
   * Encodes one record straight into the partition's open batch. Synchronous. `key` is a range of bytes or null; a null value
   * is a tombstone. Throws RECORD_TOO_LARGE and what the serde throws, leaving the batch as it was.
   *
   * @returns the bytes the encoded value took, -1 for null
   */
  append<V>(
    partition: number,
    key: Buffer | null,
    keyStart: number,
    keyEnd: number,
    serde: Serde<V>,
    value: V | null,
    timestamp: number,
    headers: Headers
  ): number
}

/**
 * An idempotent producer (acks=all): each record is in the log once, in order per partition, however often a batch was sent.
 * A failure that loses a record is kept and thrown by the next `flush`, never swallowed.
 */
export interface Producer {
  /** Looks the topic up. Throws TOPIC_MISSING. */
  topic(name: string): Promise<ProducerTopic>
  /** False when `bufferBytes` is reached; `append` still accepts, so callers stop on their own. */
  hasRoom(): boolean
  /** Resolves when there is room again, or when the producer failed (which `flush` then throws). */
  room(): Promise<void>
  /** Sends what is open and awaits every acknowledgement. Throws PRODUCE_FAILED, PRODUCER_FENCED, BROKER_REFUSED. */
  flush(): Promise<void>
  /** The offset after the last record of this producer that the partition's leader acknowledged; undefined before the first. */
  acknowledged(topic: string, partition: number): number | undefined
  /** Waits for what is under way, at most the delivery timeout, then lets go of the connections. */
  close(): Promise<void>
}

export interface TransactionalProducerOptions extends ProducerOptions {
  /** Whoever opens a producer with this id fences the former one and ends its open transaction. */
  readonly transactionalId: string
  /** The broker aborts a transaction that is open for longer, ms. Default 60,000. */
  readonly transactionTimeoutMs?: number
}

/**
 * A producer whose records become visible (read committed) in transactions, together with the input positions they were made from.
 *
 *   begin -> append* -> sendOffsets? -> commit | abort -> begin ...
 *
 * Failures say by their code what is left to do. TRANSACTION_ABORTABLE: the transaction did not happen, or its outcome is not known and
 * counts as an abort; call `abort` and start over. PRODUCER_FENCED, BROKER_REFUSED: this producer is of no more use; close it.
 */
export interface TransactionalProducer extends Producer {
  /** Opens a transaction. Reads again which protocol version the cluster has agreed on (KIP-890). Throws TRANSACTION_ABORTABLE, PRODUCER_FENCED. */
  begin(): Promise<void>
  /**
   * Adds input positions: one request with all of them, with the member's generation, so that a member that lost its partitions cannot
   * commit them. Throws GROUP_FENCED, GROUP_REBALANCE (then `abort`), TRANSACTION_ABORTABLE, PRODUCER_FENCED.
   */
  sendOffsets(offsets: readonly GroupOffset[], member: OffsetCommitter): Promise<void>
  /** Flushes and commits. After it throws TRANSACTION_ABORTABLE, the caller must treat the transaction as aborted. */
  commit(): Promise<void>
  /** Drops what is open and unacknowledged and aborts; an empty transaction too. The producer can `begin` again. */
  abort(): Promise<void>
}
