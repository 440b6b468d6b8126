import { StreamsError } from '../../core/errors.ts'
import type { Producer, ProducerOptions, ProducerTopic } from '../port/producer.ts'
import { BatchSender } from './batch-sender.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'
import type { BatchSettings } from './partition-batches.ts'
import { newProducerIdentity } from './producer-identity.ts'
import { ProducerTopics } from './producer-topics.ts'

/**
 * The port's producer: the topics keep batches, the sender sees them through.
 *
 * Limits of Kafka itself:
 * - Brokers forget a producer whose last record's *timestamp* is older than `producer.id.expiration.ms` (one day; at most 24 days)
 *   when they restart, and every ten minutes. A batch of older records that is sent again right after that is written twice.
 *   Producers within a transaction are not forgotten.
 * - A leader that has lost acknowledged records (an unclean election) does not know the sequence number that comes next. What is not
 *   acknowledged yet is then written under a new epoch, in order and once (KIP-360); what was lost stays lost.
 */
export class IdempotentProducer implements Producer {
  readonly #cluster: Cluster
  readonly #sender: BatchSender
  readonly #topics: ProducerTopics
  #thrown = false

  private constructor(cluster: Cluster, sender: BatchSender, topics: ProducerTopics) {
    this.#cluster = cluster
    this.#sender = sender
    this.#topics = topics
  }

  /** `firstSequence` is there for tests of the sequence numbers' wrap. Throws BROKER_UNAVAILABLE, BROKER_REFUSED. */
  static async open(
    options: ProducerOptions,
    clusterOptions: ClusterOptions,
    firstSequence = 0
  ): Promise<IdempotentProducer> {
    const cluster = new Cluster(options.clientId, clusterOptions)
    try {
      const identity = await newProducerIdentity(cluster)
      const sender = new BatchSender(cluster, options.lingerMs ?? 20, batchSettings(options, null))
      return new IdempotentProducer(
        cluster,
        sender,
        new ProducerTopics(cluster, sender, options, identity, firstSequence)
      )
    } catch (error) {
      await cluster.close()
      throw error
    }
  }

  topic(name: string): Promise<ProducerTopic> {
    return this.#topics.topic(name)
  }

  hasRoom(): boolean {
    return this.#topics.hasRoom()
  }

  room(): Promise<void> {
    return this.#topics.room()
  }

  async flush(): Promise<void> {
    this.#topics.sealAll()
    await this.#sender.settled()
    const failure = this.#sender.failure
    if (failure === undefined) return
    this.#thrown = true
    // thrown afresh, so that the stack tells which flush; the cause tells what happened
    throw new StreamsError(failure.code, failure.message, failure)
  }

  acknowledged(topic: string, partition: number): number | undefined {
    return this.#topics.acknowledged(topic, partition)
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
}

export function batchSettings(options: ProducerOptions, transactionalId: string | null): BatchSettings {
  return {
    transactionalId,
    batchBytes: options.batchBytes ?? 128 * 1024,
    maxRecordBytes: options.maxRecordBytes ?? 1024 * 1024,
    compression: options.compression ?? 'none',
    deliveryTimeoutMs: options.deliveryTimeoutMs ?? 120_000
  }
}
