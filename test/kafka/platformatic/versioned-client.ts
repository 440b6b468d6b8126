import { PlatformaticClient } from '../../../kafka/platformatic/client.ts'
import type { TransactionVersion } from '../../../kafka/platformatic/transaction-coordinator.ts'
import { CoordinatedProducer } from '../../../kafka/platformatic/transactional-producer.ts'
import type { TransactionalProducer, TransactionalProducerOptions } from '../../../kafka/port/producer.ts'

/** A client whose transactions use this protocol version at most. */
export class VersionedClient extends PlatformaticClient {
  readonly #brokers: readonly string[]
  readonly #version: TransactionVersion

  constructor(brokers: readonly string[], version: TransactionVersion) {
    super({ brokers })
    this.#brokers = brokers
    this.#version = version
  }

  override transactionalProducer(options: TransactionalProducerOptions): Promise<TransactionalProducer> {
    return CoordinatedProducer.open(options, { brokers: this.#brokers }, this.#version)
  }
}
