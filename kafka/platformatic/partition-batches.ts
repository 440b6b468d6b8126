import type { Headers } from '../../core/record.ts'
import type { Serde } from '../../core/serde.ts'
import { BatchBuilder, type FinishedBatch, type FinishOptions } from '../batch/batch-builder.ts'
import { headerBytes } from '../batch/batch-header.ts'
import type { BufferPool } from '../batch/buffer-pool.ts'
import type { Compression } from '../port/producer.ts'
import type { ProduceBatch } from './produce-api.ts'
import { nextEpoch, type ProducerIdentity, restamp } from './producer-identity.ts'
import { Backoff, ticks } from './retry.ts'

export interface BatchSettings {
  /** Null: the producer is idempotent only. */
  readonly transactionalId: string | null
  readonly batchBytes: number
  readonly maxRecordBytes: number
  readonly compression: Compression
  readonly deliveryTimeoutMs: number
}

/** Counts for the whole producer. */
export interface BatchListener {
  /** The partition's open batch has its first record. */
  opened(partition: PartitionBatches): void
  sealed(partition: PartitionBatches): void
  /** Bytes now held more, or less. */
  grown(bytes: number): void
}

/** A batch with its sequence number, the same each time it is sent. */
export interface SealedBatch extends ProduceBatch {
  readonly count: number
  /** Size before compression, head included: what counts against the buffer's bound. */
  readonly bytes: number
  readonly deadline: number
  /** Of its first record. */
  sequence: number
  /** It is under way. */
  sent: boolean
  /** It was under way at least once: the leader may have it. */
  tried: boolean
}

// a broker remembers the last five batches of a producer in each partition, and knows those when they come again
const mostInFlight = 5
const sequences = 2 ** 31

/**
 * One partition's batches: the open one, and the sealed ones in sequence order until they are acknowledged. Nothing overtakes: after
 * a failure the first batch goes alone until it is in the log.
 */
export class PartitionBatches {
  readonly topic: string
  readonly partition: number
  /** Since when the open batch has records. NaN makes this field a double from the start. */
  openedAt = Number.NaN
  /** Nothing is sent before this time. */
  retryAt = 0
  /** Its leader must be looked up again. */
  stale = false
  /** The offset after the last acknowledged record; -1 before the first. */
  acknowledged = -1
  /** A batch was given up that the leader may have: sequence numbers must not go on from there. */
  unsettled = false
  /** The leader does not know the place in the sequence that comes next: what is not acknowledged starts a new epoch. */
  displaced = false
  readonly #builder: BatchBuilder
  readonly #settings: BatchSettings
  readonly #listener: BatchListener
  readonly #backoff = new Backoff()
  #queue: SealedBatch[] = []
  #inFlight = 0
  #sequence: number
  #identity: ProducerIdentity
  /**
   * False before the first acknowledgement, and from a failure to the next. A broker without any state of this producer takes whatever
   * sequence number comes first, so a second batch must not be on its way while the first may fail.
   */
  #proven = false

  constructor(
    topic: string,
    partition: number,
    identity: ProducerIdentity,
    settings: BatchSettings,
    pool: BufferPool,
    listener: BatchListener,
    firstSequence: number
  ) {
    this.topic = topic
    this.partition = partition
    this.#builder = new BatchBuilder(topic, partition, pool)
    this.#identity = identity
    this.#settings = settings
    this.#listener = listener
    this.#sequence = firstSequence
  }

  append<V>(
    key: Buffer | null,
    keyStart: number,
    keyEnd: number,
    serde: Serde<V>,
    value: V | null,
    timestamp: number,
    headers: Headers
  ): number {
    const builder = this.#builder
    const { maxRecordBytes, batchBytes } = this.#settings
    const before = builder.bytes
    const size = builder.append(key, keyStart, keyEnd, serde, value, timestamp, headers, maxRecordBytes)
    this.#listener.grown(builder.bytes - before)
    if (builder.count === 1) this.#opened()
    if (builder.bytes >= batchBytes) {
      // the broker's bound for a record is one for batches: a large record must not push a batch beyond it
      if (builder.bytes > maxRecordBytes && builder.count > 1) this.#sealWithoutLast()
      if (builder.bytes >= batchBytes) this.seal()
    }
    return size
  }

  /** Closes the open batch, if there is one. */
  seal(): void {
    const { count, bytes } = this.#builder
    if (count > 0) this.#enqueue(this.#builder.finish(this.#finishOptions()), count, bytes)
  }

  /** The batch to send now, if any. */
  next(now: number): SealedBatch | undefined {
    if (this.displaced && this.#inFlight === 0) this.restart(nextEpoch(this.#identity))
    if (this.displaced || this.retryAt > now || this.#inFlight >= (this.#proven ? mostInFlight : 1))
      return undefined
    return this.#queue.find((batch) => !batch.sent)
  }

  /** All that is not acknowledged. */
  get queue(): readonly SealedBatch[] {
    return this.#queue
  }

  sending(batch: SealedBatch): void {
    batch.sent = true
    batch.tried = true
    this.#inFlight++
  }

  succeeded(batch: SealedBatch, baseOffset: number): void {
    this.#inFlight--
    batch.sent = false
    if (batch === this.#queue[0]) {
      this.#proven = true
      this.#backoff.reset()
    }
    this.#queue = this.#queue.filter((other) => other !== batch)
    // a duplicate that the broker has forgotten the offset of comes with -1
    if (baseOffset >= 0) this.acknowledged = Math.max(this.acknowledged, baseOffset + batch.count)
    this.#release(batch)
  }

  /** It will be sent again. A batch refused only because an earlier one failed waits for that one. */
  failed(batch: SealedBatch, now: number, pauseMs?: number): void {
    this.#inFlight--
    batch.sent = false
    this.#proven = false
    if (batch === this.#queue[0]) this.retryAt = now + (pauseMs ?? this.#backoff.next())
  }

  isFirst(batch: SealedBatch): boolean {
    return batch === this.#queue[0]
  }

  /** Lets go of everything: the producer or its transaction has failed. */
  discard(): void {
    this.#listener.grown(-(this.#builder.count > 0 ? this.#builder.bytes : 0))
    this.#builder.discard()
    // what was never sent leaves no gap
    const [first] = this.#queue
    if (first !== undefined) this.#sequence = first.sequence
    for (const batch of this.#queue) {
      if (batch.tried) this.unsettled = true
      this.#release(batch)
    }
    this.#queue = []
    this.displaced = false
  }

  /** Begins anew after a discard, with nothing under way any more. */
  settle(): void {
    this.#inFlight = 0
    this.retryAt = 0
    this.#backoff.reset()
  }

  /** Writes with another epoch or id from now on, numbering from 0, what is sealed included. Nothing may be under way. */
  restart(identity: ProducerIdentity): void {
    this.#identity = identity
    this.#sequence = 0
    for (const batch of this.#queue) {
      batch.sequence = this.#sequence
      restamp(batch, identity)
      this.#sequence = (this.#sequence + batch.count) % sequences
    }
    this.#proven = false
    this.displaced = false
    this.unsettled = false
  }

  #opened(): void {
    this.openedAt = ticks()
    this.#listener.grown(headerBytes)
    this.#listener.opened(this)
  }

  #sealWithoutLast(): void {
    const builder = this.#builder
    const count = builder.count - 1
    const before = builder.bytes
    const finished = builder.finishWithoutLast(this.#finishOptions())
    // what the first batch holds is what the open one lost, and a head more
    this.#enqueue(finished, count, before - builder.bytes + headerBytes)
    this.#opened()
  }

  #finishOptions(): FinishOptions {
    const { transactionalId, compression } = this.#settings
    return {
      producerId: this.#identity.producerId,
      producerEpoch: this.#identity.epoch,
      baseSequence: this.#sequence,
      transactional: transactionalId !== null,
      compression
    }
  }

  #enqueue({ buffer, length }: FinishedBatch, count: number, bytes: number): void {
    const sequence = this.#sequence
    this.#sequence = (sequence + count) % sequences
    this.#queue.push({
      topic: this.topic,
      partition: this.partition,
      buffer,
      length,
      count,
      bytes,
      deadline: this.openedAt + this.#settings.deliveryTimeoutMs,
      sequence,
      sent: false,
      tried: false
    })
    this.#listener.sealed(this)
  }

  #release(batch: SealedBatch): void {
    this.#listener.grown(-batch.bytes)
    // a request that is under way may not have copied its bytes yet
    if (!batch.sent) this.#builder.recycle(batch.buffer)
  }
}
