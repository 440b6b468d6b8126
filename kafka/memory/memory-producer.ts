import { StreamsError } from '../../core/errors.ts'
import { type Headers, partitionName } from '../../core/record.ts'
import type { Serde } from '../../core/serde.ts'
import { BatchBuilder, type FinishedBatch, type FinishOptions } from '../batch/batch-builder.ts'
import { BufferPool } from '../batch/buffer-pool.ts'
import type { Compression, Producer, ProducerOptions, ProducerTopic } from '../port/producer.ts'
import type { MemoryBroker, MemoryTopic } from './memory-broker.ts'
import type { MemoryLog } from './memory-log.ts'

/** How batches get into logs: by themselves, or within a transaction. */
export interface MemoryWriting {
  /** Throws when no record can be taken now. */
  admit(topic: string, partition: number): void
  /** What batches are sealed with, compression apart. */
  identity(): Omit<FinishOptions, 'compression'>
  /** Returns the offset after the batch. */
  write(log: MemoryLog, buffer: Buffer, length: number): number
}

const nobody = { producerId: -1, producerEpoch: -1, baseSequence: -1, transactional: false }

const plainWriting: MemoryWriting = {
  admit() {},
  identity: () => nobody,
  write: (log, buffer, length) => log.append(buffer, length)
}

/** Writes a batch to the log when it is full or at a flush; there is no linger, and nothing is ever under way. */
export class MemoryProducer implements Producer {
  readonly #broker: MemoryBroker
  readonly #batchBytes: number
  readonly #maxRecordBytes: number
  readonly #compression: Compression
  readonly #writing: MemoryWriting
  readonly #pool: BufferPool
  readonly #topics = new Map<string, MemoryProducerTopic>()
  readonly #acknowledged = new Map<string, number>()
  #failure: StreamsError | undefined

  constructor(broker: MemoryBroker, options: ProducerOptions, writing: MemoryWriting = plainWriting) {
    this.#broker = broker
    this.#writing = writing
    this.#batchBytes = options.batchBytes ?? 128 * 1024
    this.#maxRecordBytes = options.maxRecordBytes ?? 1024 * 1024
    this.#pool = new BufferPool(Math.min(this.#batchBytes, 16 * 1024))
    this.#compression = options.compression ?? 'none'
  }

  async topic(name: string): Promise<ProducerTopic> {
    return this.topicSync(name)
  }

  /** Looks the topic up. Throws TOPIC_MISSING. */
  topicSync(name: string): ProducerTopic {
    const topic = this.#broker.topic(name)
    const known = this.#topics.get(name)
    if (known?.topic === topic) return known
    const made = new MemoryProducerTopic(topic, this.#pool, this.#maxRecordBytes, {
      admit: (partition) => this.#writing.admit(name, partition),
      appended: (builder, partition) => this.#appended(topic, builder, partition)
    })
    this.#topics.set(name, made)
    return made
  }

  hasRoom(): boolean {
    return true
  }

  async room(): Promise<void> {}

  async flush(): Promise<void> {
    this.flushSync()
  }

  /** Writes what is open. Throws PRODUCE_FAILED, and what the transaction says. */
  flushSync(): void {
    for (const { topic, builders } of this.#topics.values())
      builders.forEach((builder, partition) => {
        if (builder.count > 0) this.#write(topic, partition, builder, builder.finish(this.#finishOptions()))
      })
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }

  /** Drops what is open, and what went wrong. */
  discard(): void {
    for (const { builders } of this.#topics.values()) for (const builder of builders) builder.discard()
    this.#failure = undefined
  }

  acknowledged(topic: string, partition: number): number | undefined {
    return this.#acknowledged.get(partitionName(topic, partition))
  }

  async close(): Promise<void> {
    this.flushSync()
  }

  #finishOptions(): FinishOptions {
    return { ...this.#writing.identity(), compression: this.#compression }
  }

  #appended(topic: MemoryTopic, builder: BatchBuilder, partition: number): void {
    // a batch must not pass the bound of a record either: the broker's limit is on batches
    if (builder.bytes > this.#maxRecordBytes && builder.count > 1)
      this.#write(topic, partition, builder, builder.finishWithoutLast(this.#finishOptions()))
    if (builder.bytes >= this.#batchBytes)
      this.#write(topic, partition, builder, builder.finish(this.#finishOptions()))
  }

  #write(topic: MemoryTopic, partition: number, builder: BatchBuilder, batch: FinishedBatch): void {
    const name = partitionName(topic.name, partition)
    try {
      if (this.#broker.findTopic(topic.name) !== topic)
        throw new StreamsError('PRODUCE_FAILED', `${name}: the topic was deleted meanwhile`)
      const log = this.#broker.log(topic.name, partition)
      this.#acknowledged.set(name, this.#writing.write(log, batch.buffer, batch.length))
      this.#broker.changed()
    } catch (error) {
      // told by the next flush: whoever appends did nothing wrong
      if (!(error instanceof StreamsError)) throw error
      this.#failure ??= error
    } finally {
      builder.recycle(batch.buffer)
    }
  }
}

interface TopicListener {
  admit(partition: number): void
  appended(builder: BatchBuilder, partition: number): void
}

class MemoryProducerTopic implements ProducerTopic {
  readonly topic: MemoryTopic
  readonly builders: readonly BatchBuilder[]
  readonly name: string
  readonly partitions: number
  readonly #maxRecordBytes: number
  readonly #listener: TopicListener

  constructor(topic: MemoryTopic, pool: BufferPool, maxRecordBytes: number, listener: TopicListener) {
    this.topic = topic
    this.name = topic.name
    this.partitions = topic.logs.length
    this.builders = topic.logs.map((log) => new BatchBuilder(topic.name, log.partition, pool))
    this.#maxRecordBytes = maxRecordBytes
    this.#listener = listener
  }

  append<V>(
    partition: number,
    key: Buffer | null,
    keyStart: number,
    keyEnd: number,
    serde: Serde<V>,
    value: V | null,
    timestamp: number,
    headers: Headers
  ): number {
    const builder = this.builders[partition]
    if (builder === undefined)
      throw new StreamsError('TOPIC_MISSING', `there is no partition ${partitionName(this.name, partition)}`)
    this.#listener.admit(partition)
    const size = builder.append(key, keyStart, keyEnd, serde, value, timestamp, headers, this.#maxRecordBytes)
    this.#listener.appended(builder, partition)
    return size
  }
}
