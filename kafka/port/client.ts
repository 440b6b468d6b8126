import type { Admin } from './admin.ts'
import type { Consumer, ConsumerOptions } from './consumer.ts'
import type { GroupMember, GroupOptions } from './group.ts'
import type {
  Producer,
  ProducerOptions,
  TransactionalProducer,
  TransactionalProducerOptions
} from './producer.ts'
import type { StreamsGroupMember, StreamsGroupOptions } from './streams-group.ts'

/** A client as plain data: an instance of the class that `module` exports under `name`, made with `options`. */
export interface ClientCopy {
  /** URL. */
  readonly module: string
  readonly name: string
  readonly options: unknown
}

/**
 * All that the runtime needs of Kafka. Two implementations pass one conformance suite: real brokers (`kafka/platformatic`) and
 * the broker in memory that the test driver runs on (`kafka/memory`).
 *
 * A broker answers each connection in order, so every consumer, producer, group member and admin has connections of its own.
 */
export interface KafkaClient {
  admin(clientId: string): Admin
  consumer(options: ConsumerOptions): Consumer
  /** Resolves when the producer has its id from the broker. Throws BROKER_UNAVAILABLE. */
  producer(options: ProducerOptions): Promise<Producer>
  /**
   * Resolves when the transactional id is this producer's: the former owner is fenced, its open transaction ended.
   * Throws BROKER_UNAVAILABLE, BROKER_REFUSED.
   */
  transactionalProducer(options: TransactionalProducerOptions): Promise<TransactionalProducer>
  group(options: GroupOptions): GroupMember
  /** How another thread makes a client like this one. Undefined: its options hold functions, which cannot be copied. */
  copy?(): ClientCopy | undefined
  /** Streams groups (KIP-1071), Kafka 4.4 or later. Undefined: this client has none. */
  streamsGroup?(options: StreamsGroupOptions): StreamsGroupMember
}
