import { StreamsError } from '../../core/errors.ts'
import { type Headers, partitionName } from '../../core/record.ts'
import type { Serde } from '../../core/serde.ts'
import { BufferPool } from '../batch/buffer-pool.ts'
import type { ProducerOptions, ProducerTopic } from '../port/producer.ts'
import type { BatchSender } from './batch-sender.ts'
import type { Cluster } from './cluster.ts'
import { PartitionBatches } from './partition-batches.ts'
import type { ProducerIdentity } from './producer-identity.ts'
import { pausing, retrying, ticks } from './retry.ts'

/** A topic that was just made is not known to all brokers at once. */
const topicWithinMs = 2_000
/** How long brokers may be away while a topic is looked up. */
const brokersWithinMs = 30_000

/** Throws when a record for this partition cannot be taken now. Called for each record. */
export type Admission = (topic: string, partition: number) => void

/** The topics that a producer writes to, each with its partitions' batches, and the bound on their bytes. */
export class ProducerTopics {
  readonly #cluster: Cluster
  readonly #sender: BatchSender
  readonly #bufferBytes: number
  readonly #pool: BufferPool
  readonly #firstSequence: number
  readonly #admit: Admission | undefined
  readonly #topics = new Map<string, BatchedTopic>()
  #identity: ProducerIdentity

  constructor(
    cluster: Cluster,
    sender: BatchSender,
    options: ProducerOptions,
    identity: ProducerIdentity,
    firstSequence = 0,
    admit?: Admission
  ) {
    this.#cluster = cluster
    this.#sender = sender
    this.#bufferBytes = options.bufferBytes ?? 32 * 1024 * 1024
    // room for the record that fills the batch
    this.#pool = new BufferPool(sender.settings.batchBytes + 16 * 1024)
    this.#identity = identity
    this.#firstSequence = firstSequence
    this.#admit = admit
  }

  /** Looks the topic up. Throws TOPIC_MISSING. */
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
          this.#identity,
          this.#sender.settings,
          this.#pool,
          this.#sender,
          this.#firstSequence
        )
    )
    const topic = new BatchedTopic(name, batches, this.#admit)
    this.#topics.set(name, topic)
    return topic
  }

  hasRoom(): boolean {
    return this.#sender.bytes < this.#bufferBytes
  }

  async room(): Promise<void> {
    while (!this.hasRoom() && this.#sender.failure === undefined) {
      // open batches count, too
      this.sealAll()
      await this.#sender.progress()
    }
  }

  acknowledged(topic: string, partition: number): number | undefined {
    const offset = this.#topics.get(topic)?.batches[partition]?.acknowledged ?? -1
    return offset < 0 ? undefined : offset
  }

  sealAll(): void {
    for (const partition of this.#all()) partition.seal()
  }

  /** True if a leader may have a batch that was given up. */
  unsettled(): boolean {
    for (const partition of this.#all()) if (partition.unsettled) return true
    return false
  }

  /** Begins anew after everything was discarded; with another identity, if there is one. */
  settle(identity: ProducerIdentity): void {
    const { producerId, epoch } = this.#identity
    const changed = identity.producerId !== producerId || identity.epoch !== epoch
    this.#identity = identity
    for (const partition of this.#all()) {
      partition.settle()
      if (changed) partition.restart(identity)
    }
  }

  *#all(): Iterable<PartitionBatches> {
    for (const topic of this.#topics.values()) yield* topic.batches
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
  readonly #admit: Admission | undefined

  constructor(name: string, batches: readonly PartitionBatches[], admit: Admission | undefined) {
    this.name = name
    this.batches = batches
    this.partitions = batches.length
    this.#admit = admit
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
    this.#admit?.(this.name, partition)
    return batches.append(key, keyStart, keyEnd, serde, value, timestamp, headers)
  }
}
