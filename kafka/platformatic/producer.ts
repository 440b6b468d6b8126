import { StreamsError } from '../../core/errors.ts'
import { type Headers, partitionName } from '../../core/record.ts'
import type { Serde } from '../../core/serde.ts'
import { BufferPool } from '../batch/buffer-pool.ts'
import type { Producer, ProducerOptions, ProducerTopic } from '../port/producer.ts'
import { BatchSender } from './batch-sender.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'
import { PartitionBatches } from './partition-batches.ts'
import { newProducerIdentity } from './producer-identity.ts'
import { pausing, retrying, ticks } from './retry.ts'

/** A topic that was just made is not known to all brokers at once. */
const topicWithinMs = 2_000
/** How long brokers may be away while a topic is looked up. */
const brokersWithinMs = 30_000

/**
 * The port's producer: keeps a bound on bytes, and the topics; the sender sees batches through.
 *
 * A limit of Kafka itself: brokers forget a producer whose last record's *timestamp* is older than `producer.id.expiration.ms` (one
 * day; at most 24 days) when they restart, and every ten minutes. A batch of older records that is sent again right after that is
 * written twice. Producers within a transaction are not forgotten.
 */
export class IdempotentProducer implements Producer {
  readonly #cluster: Cluster
  readonly #sender: BatchSender
  readonly #bufferBytes: number
  readonly #pool: BufferPool
  readonly #firstSequence: number
  readonly #topics = new Map<string, BatchedTopic>()
  #thrown = false

  private constructor(
    cluster: Cluster,
    sender: BatchSender,
    options: ProducerOptions,
    firstSequence: number
  ) {
    this.#cluster = cluster
    this.#sender = sender
    this.#bufferBytes = options.bufferBytes ?? 32 * 1024 * 1024
    // room for the record that fills the batch
    this.#pool = new BufferPool(sender.settings.batchBytes + 16 * 1024)
    this.#firstSequence = firstSequence
  }

  /** `firstSequence` is there for tests of the sequence numbers' wrap. Throws BROKER_UNAVAILABLE, BROKER_REFUSED. */
  static async open(
    options: ProducerOptions,
    clusterOptions: ClusterOptions,
    firstSequence = 0
  ): Promise<IdempotentProducer> {
    const cluster = new Cluster(options.clientId, clusterOptions)
    try {
      const sender = new BatchSender(cluster, options.lingerMs ?? 20, {
        identity: await newProducerIdentity(cluster),
        batchBytes: options.batchBytes ?? 128 * 1024,
        maxRecordBytes: options.maxRecordBytes ?? 1024 * 1024,
        compression: options.compression ?? 'none',
        deliveryTimeoutMs: options.deliveryTimeoutMs ?? 120_000
      })
      return new IdempotentProducer(cluster, sender, options, firstSequence)
    } catch (error) {
      await cluster.close()
      throw error
    }
  }

  async topic(name: string): Promise<ProducerTopic> {
    const known = this.#topics.get(name)
    if (known !== undefined) return known
    const partitions = await this.#countPartitions(name)
    // another call may have been faster
    const meanwhile = this.#topics.get(name)
    if (meanwhile !== undefined) return meanwhile
    const batches = Array.from(
      { length: partitions },
      (_, partition) =>
        new PartitionBatches(
          name,
          partition,
          this.#sender.settings,
          this.#pool,
          this.#sender,
          this.#firstSequence
        )
    )
    const topic = new BatchedTopic(name, batches)
    this.#topics.set(name, topic)
    return topic
  }

  hasRoom(): boolean {
    return this.#sender.bytes < this.#bufferBytes
  }

  async room(): Promise<void> {
    while (!this.hasRoom() && this.#sender.failure === undefined) {
      // open batches count, too
      this.#sealAll()
      await this.#sender.progress()
    }
  }

  async flush(): Promise<void> {
    this.#sealAll()
    await this.#sender.settled()
    const failure = this.#sender.failure
    if (failure === undefined) return
    this.#thrown = true
    // thrown afresh, so that the stack tells which flush; the cause tells what happened
    throw new StreamsError(failure.code, failure.message, failure)
  }

  acknowledged(topic: string, partition: number): number | undefined {
    const offset = this.#topics.get(topic)?.batches[partition]?.acknowledged ?? -1
    return offset < 0 ? undefined : offset
  }

  async close(): Promise<void> {
    try {
      // a loss that no flush has told yet must not be swallowed
      if (!this.#thrown) await this.flush()
    } finally {
      this.#sender.close()
      await this.#cluster.close()
    }
  }

  #sealAll(): void {
    for (const topic of this.#topics.values()) for (const batches of topic.batches) batches.seal()
  }

  async #countPartitions(name: string): Promise<number> {
    const deadline = ticks() + topicWithinMs
    for (;;) {
      await retrying(brokersWithinMs, this.#cluster.signal, () => this.#cluster.refresh([name]))
      const topic = this.#cluster.topic(name)
      if (topic !== undefined) return topic.partitions.length
      if (ticks() > deadline) throw new StreamsError('TOPIC_MISSING', `there is no topic '${name}'`)
      await pausing(100, this.#cluster.signal)
    }
  }
}

class BatchedTopic implements ProducerTopic {
  readonly name: string
  readonly batches: readonly PartitionBatches[]
  readonly partitions: number

  constructor(name: string, batches: readonly PartitionBatches[]) {
    this.name = name
    this.batches = batches
    this.partitions = batches.length
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
    const batches = this.batches[partition]
    if (batches === undefined)
      throw new StreamsError('TOPIC_MISSING', `there is no partition ${partitionName(this.name, partition)}`)
    return batches.append(key, keyStart, keyEnd, serde, value, timestamp, headers)
  }
}
