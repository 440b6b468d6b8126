import type { KafkaClient } from '../port/client.ts'
import type { ConsumerOptions } from '../port/consumer.ts'
import type { GroupOptions } from '../port/group.ts'
import type { ProducerOptions, TransactionalProducerOptions } from '../port/producer.ts'
import { MemoryAdmin } from './memory-admin.ts'
import type { MemoryBroker } from './memory-broker.ts'
import { MemoryConsumer } from './memory-consumer.ts'
import { MemoryGroup } from './memory-group.ts'
import { MemoryProducer } from './memory-producer.ts'
import { MemoryTransactionalProducer } from './memory-transactional-producer.ts'

/** The Kafka port over a broker in memory. Several clients may share one broker, as several processes would. */
export class MemoryClient implements KafkaClient {
  readonly broker: MemoryBroker

  constructor(broker: MemoryBroker) {
    this.broker = broker
  }

  admin(_clientId: string): MemoryAdmin {
    return new MemoryAdmin(this.broker)
  }

  consumer(options: ConsumerOptions): MemoryConsumer {
    return new MemoryConsumer(this.broker, options)
  }

  async producer(options: ProducerOptions): Promise<MemoryProducer> {
    return this.producerSync(options)
  }

  producerSync(options: ProducerOptions): MemoryProducer {
    return new MemoryProducer(this.broker, options)
  }

  async transactionalProducer(options: TransactionalProducerOptions): Promise<MemoryTransactionalProducer> {
    return this.transactionalProducerSync(options)
  }

  transactionalProducerSync(options: TransactionalProducerOptions): MemoryTransactionalProducer {
    return new MemoryTransactionalProducer(this.broker, options)
  }

  group(options: GroupOptions): MemoryGroup {
    return new MemoryGroup(this.broker, options)
  }
}
