import {
  GrowableBytes,
  type Headers,
  noHeaders,
  type Producer,
  type ProducerTopic,
  partitionForKey,
  type Topic
} from '../index.ts'

/** Writes typed records to one topic, each to the partition that its key belongs to. */
export class TopicWriter<K, V> {
  readonly #topic: Topic<K, V>
  readonly #target: ProducerTopic
  readonly #key = new GrowableBytes()

  constructor(topic: Topic<K, V>, target: ProducerTopic) {
    this.#topic = topic
    this.#target = target
  }

  /** Throws TOPIC_MISSING. */
  static async open<K, V>(producer: Producer, topic: Topic<K, V>): Promise<TopicWriter<K, V>> {
    return new TopicWriter(topic, await producer.topic(topic.name))
  }

  /** Throws RECORD_TOO_LARGE, SERIALIZATION. */
  write(key: K, value: V, timestamp: number, headers: Headers = noHeaders): void {
    const { partition, end } = this.#place(key)
    this.#target.append(partition, this.#key.buffer, 0, end, this.#topic.value, value, timestamp, headers)
  }

  /** Where records with this key are. */
  partition(key: K): number {
    return this.#place(key).partition
  }

  #place(key: K): { partition: number; end: number } {
    const end = this.#topic.key.encode(key, this.#key, 0)
    return { partition: partitionForKey(this.#key.buffer, 0, end, this.#target.partitions), end }
  }
}
