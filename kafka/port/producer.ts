import type { Headers } from '../../core/record.ts'
import type { Serde } from '../../core/serde.ts'

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
