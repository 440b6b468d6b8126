import { StreamsError } from '../../core/errors.ts'
import type { KafkaClient } from '../../kafka/port/client.ts'
import type { GroupMember, GroupOffset } from '../../kafka/port/group.ts'
import type { Producer, ProducerTopic, TransactionalProducer } from '../../kafka/port/producer.ts'
import type { WorkerSettings } from './worker-protocol.ts'

/** How results and input positions get to the cluster: the two guarantees differ in nothing else. */
export interface Outlet {
  /** Fences the forerunner, if that is part of the guarantee. */
  open(): Promise<ProducerTopic>
  begin(): Promise<void>
  /** All that was appended is acknowledged, but not yet committed. */
  flush(): Promise<void>
  prepare(offsets: readonly GroupOffset[], member: GroupMember): Promise<void>
  commit(offsets: readonly GroupOffset[], member: GroupMember): Promise<void>
  abort(): Promise<void>
  close(): Promise<void>
}

export class ExactlyOnceOutlet implements Outlet {
  readonly #client: KafkaClient
  readonly #settings: WorkerSettings
  #producer: TransactionalProducer | undefined

  constructor(client: KafkaClient, settings: WorkerSettings) {
    this.#client = client
    this.#settings = settings
  }

  async open(): Promise<ProducerTopic> {
    this.#producer = await this.#client.transactionalProducer({
      clientId: 'chaos-worker',
      transactionalId: `${this.#settings.groupId}-worker`,
      // small, so that a transaction is several batches
      batchBytes: 8 * 1024,
      lingerMs: 5
    })
    return await this.#producer.topic(this.#settings.output)
  }

  begin(): Promise<void> {
    return opened(this.#producer).begin()
  }

  flush(): Promise<void> {
    return opened(this.#producer).flush()
  }

  prepare(offsets: readonly GroupOffset[], member: GroupMember): Promise<void> {
    return opened(this.#producer).sendOffsets(offsets, member)
  }

  commit(): Promise<void> {
    return opened(this.#producer).commit()
  }

  abort(): Promise<void> {
    return opened(this.#producer).abort()
  }

  async close(): Promise<void> {
    await this.#producer?.close()
  }
}

export class AtLeastOnceOutlet implements Outlet {
  readonly #client: KafkaClient
  readonly #settings: WorkerSettings
  #producer: Producer | undefined

  constructor(client: KafkaClient, settings: WorkerSettings) {
    this.#client = client
    this.#settings = settings
  }

  async open(): Promise<ProducerTopic> {
    this.#producer = await this.#client.producer({
      clientId: 'chaos-worker',
      batchBytes: 8 * 1024,
      lingerMs: 5
    })
    return await this.#producer.topic(this.#settings.output)
  }

  async begin(): Promise<void> {}

  flush(): Promise<void> {
    return opened(this.#producer).flush()
  }

  async prepare(): Promise<void> {
    await this.flush()
  }

  commit(offsets: readonly GroupOffset[], member: GroupMember): Promise<void> {
    return member.commit(offsets)
  }

  async abort(): Promise<void> {}

  async close(): Promise<void> {
    await this.#producer?.close()
  }
}

function opened<T>(producer: T | undefined): T {
  if (producer === undefined) throw new StreamsError('CONFIG_INVALID', 'the outlet is not open')
  return producer
}
