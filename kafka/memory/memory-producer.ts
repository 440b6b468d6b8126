import { StreamsError } from '../../core/errors.ts'
import { type Headers, partitionName } from '../../core/record.ts'
import type { Serde } from '../../core/serde.ts'
import { BatchBuilder, type FinishedBatch, type FinishOptions } from '../batch/batch-builder.ts'
import { BufferPool } from '../batch/buffer-pool.ts'
import type { Producer, ProducerOptions, ProducerTopic } from '../port/producer.ts'
import type { MemoryBroker, MemoryTopic } from './memory-broker.ts'

/** Writes a batch to the log when it is full or at a flush; there is no linger, and nothing is ever under way. */
export class MemoryProducer implements Producer {
  readonly #broker: MemoryBroker
  readonly #batchBytes: number
  readonly #maxRecordBytes: number
  readonly #finishOptions: FinishOptions
  readonly #pool: BufferPool
  readonly #topics = new Map<string, MemoryProducerTopic>()
  readonly #acknowledged = new Map<string, number>()
  #failure: StreamsError | undefined

  constructor(broker: MemoryBroker, options: ProducerOptions) {
    this.#broker = broker
    this.#batchBytes = options.batchBytes ?? 128 * 1024
    this.#maxRecordBytes = options.maxRecordBytes ?? 1024 * 1024
    this.#pool = new BufferPool(Math.min(this.#batchBytes, 16 * 1024))
    this.#finishOptions = {
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
      transactional: false,
      compression: options.compression ?? 'none'
    }
  }

  async topic(name: string): Promise<ProducerTopic> {
    return this.topicSync(name)
  }

  /** Looks the topic up. Throws TOPIC_MISSING. */
  topicSync(name: string): ProducerTopic {
    const topic = this.#broker.topic(name)
    const known = this.#topics.get(name)
    if (known?.topic === topic) return known
    const made = new MemoryProducerTopic(topic, this.#pool, this.#maxRecordBytes, (builder, partition) =>
      this.#appended(topic, builder, partition)
    )
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

  /** Writes what is open. Throws PRODUCE_FAILED. */
  flushSync(): void {
    for (const { topic, builders } of this.#topics.values())
      builders.forEach((builder, partition) => {
        if (builder.count > 0) this.#write(topic, partition, builder, builder.finish(this.#finishOptions))
      })
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure
  }

  acknowledged(topic: string, partition: number): number | undefined {
    return this.#acknowledged.get(partitionName(topic, partition))
  }

  async close(): Promise<void> {
    this.flushSync()
  }

  #appended(topic: MemoryTopic, builder: BatchBuilder, partition: number): void {
    // a batch must not pass the bound of a record either: the broker's limit is on batches
    if (builder.bytes > this.#maxRecordBytes && builder.count > 1)
      this.#write(topic, partition, builder, builder.finishWithoutLast(this.#finishOptions))
    if (builder.bytes >= this.#batchBytes)
      this.#write(topic, partition, builder, builder.finish(this.#finishOptions))
  }

  #write(topic: MemoryTopic, partition: number, builder: BatchBuilder, batch: FinishedBatch): void {
    const name = partitionName(topic.name, partition)
    if (this.#broker.findTopic(topic.name) === topic) {
      const end = this.#broker.log(topic.name, partition).append(batch.buffer, batch.length)
      this.#acknowledged.set(name, end)
      this.#broker.changed()
    } else this.#failure ??= new StreamsError('PRODUCE_FAILED', `${name}: the topic was deleted meanwhile`)
    builder.recycle(batch.buffer)
  }
}

class MemoryProducerTopic implements ProducerTopic {
  readonly topic: MemoryTopic
  readonly builders: readonly BatchBuilder[]
  readonly name: string
  readonly partitions: number
  readonly #maxRecordBytes: number
  readonly #appended: (builder: BatchBuilder, partition: number) => void

  constructor(
    topic: MemoryTopic,
    pool: BufferPool,
    maxRecordBytes: number,
    appended: (builder: BatchBuilder, partition: number) => void
  ) {
    this.topic = topic
    this.name = topic.name
    this.partitions = topic.logs.length
    this.builders = topic.logs.map((log) => new BatchBuilder(topic.name, log.partition, pool))
    this.#maxRecordBytes = maxRecordBytes
    this.#appended = appended
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
    const size = builder.append(key, keyStart, keyEnd, serde, value, timestamp, headers, this.#maxRecordBytes)
    this.#appended(builder, partition)
    return size
  }
}
