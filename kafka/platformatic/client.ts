import type { Admin } from '../port/admin.ts'
import type { ClientCopy, KafkaClient } from '../port/client.ts'
import type { Consumer, ConsumerOptions } from '../port/consumer.ts'
import type { GroupMember, GroupOptions } from '../port/group.ts'
import type {
  Producer,
  ProducerOptions,
  TransactionalProducer,
  TransactionalProducerOptions
} from '../port/producer.ts'
import type { StreamsGroupMember, StreamsGroupOptions } from '../port/streams-group.ts'
import { ClusterAdmin } from './admin.ts'
import type { ClusterOptions } from './cluster.ts'
import { FetchConsumer } from './consumer.ts'
import { StaticMember } from './group.ts'
import { IdempotentProducer } from './producer.ts'
import { StreamsMember } from './streams-group.ts'
import { CoordinatedProducer } from './transactional-producer.ts'

/** Real brokers, Kafka 3.9 or later. TLS and SASL take the settings of `@platformatic/kafka`. */
export class PlatformaticClient implements KafkaClient {
  readonly #options: ClusterOptions

  constructor(options: ClusterOptions) {
    this.#options = options
  }

  admin(clientId: string): Admin {
    return new ClusterAdmin(clientId, this.#options)
  }

  consumer(options: ConsumerOptions): Consumer {
    return new FetchConsumer(options, this.#options)
  }

  producer(options: ProducerOptions): Promise<Producer> {
    return IdempotentProducer.open(options, this.#options)
  }

  transactionalProducer(options: TransactionalProducerOptions): Promise<TransactionalProducer> {
    return CoordinatedProducer.open(options, this.#options)
  }

  group(options: GroupOptions): GroupMember {
    return new StaticMember(options, this.#options)
  }

  copy(): ClientCopy | undefined {
    try {
      return { module: import.meta.url, name: 'PlatformaticClient', options: structuredClone(this.#options) }
    } catch {
      return undefined
    }
  }

  streamsGroup(options: StreamsGroupOptions): StreamsGroupMember {
    return new StreamsMember(options, this.#options)
  }
}
