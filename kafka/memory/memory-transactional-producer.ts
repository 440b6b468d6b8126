import { hasCode, StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import type { GroupMetadata, GroupOffset, OffsetCommitter } from '../port/group.ts'
import type { ProducerTopic, TransactionalProducer, TransactionalProducerOptions } from '../port/producer.ts'
import type { MemoryBroker } from './memory-broker.ts'
import { MemoryProducer } from './memory-producer.ts'
import type { MemoryOwner } from './memory-transactions.ts'

/** `failed`: the transaction can only be aborted. */
type State = 'ready' | 'open' | 'failed'

/** The port's transactional producer, with a method that does not await for each that does. */
export class MemoryTransactionalProducer implements TransactionalProducer {
  readonly #broker: MemoryBroker
  readonly #owner: MemoryOwner
  readonly #producer: MemoryProducer
  #state: State = 'ready'
  #fenced: StreamsError | undefined

  constructor(broker: MemoryBroker, options: TransactionalProducerOptions) {
    this.#broker = broker
    const owner = broker.transactions.open(options.transactionalId)
    this.#owner = owner
    broker.changed()
    const identity = {
      producerId: owner.producerId,
      producerEpoch: owner.epoch,
      baseSequence: 0,
      transactional: true
    }
    this.#producer = new MemoryProducer(broker, options, {
      admit: (topic, partition) => {
        if (this.#state === 'ready')
          throw this.#abortable(`a record for ${partitionName(topic, partition)} without a transaction`)
      },
      identity: () => identity,
      write: (log, buffer, length) => broker.transactions.append(owner, log, buffer, length)
    })
  }

  async topic(name: string): Promise<ProducerTopic> {
    return this.topicSync(name)
  }

  /** Looks the topic up. Throws TOPIC_MISSING. */
  topicSync(name: string): ProducerTopic {
    return this.#producer.topicSync(name)
  }

  hasRoom(): boolean {
    return true
  }

  async room(): Promise<void> {}

  acknowledged(topic: string, partition: number): number | undefined {
    return this.#producer.acknowledged(topic, partition)
  }

  async flush(): Promise<void> {
    this.flushSync()
  }

  /** Throws TRANSACTION_ABORTABLE, PRODUCER_FENCED. */
  flushSync(): void {
    this.#guarded(() => {
      if (this.#state === 'failed') throw this.#abortable('it has failed before')
      this.#producer.flushSync()
    })
  }

  async begin(): Promise<void> {
    this.beginSync()
  }

  /** Throws TRANSACTION_ABORTABLE, PRODUCER_FENCED. */
  beginSync(): void {
    this.#guarded(() => {
      if (this.#state !== 'ready')
        throw this.#abortable('the former transaction is neither committed nor aborted')
      this.#state = 'open'
    })
  }

  async sendOffsets(offsets: readonly GroupOffset[], member: OffsetCommitter): Promise<void> {
    this.sendOffsetsSync(offsets, member.metadata())
  }

  /** Throws GROUP_FENCED, GROUP_REBALANCE, TRANSACTION_ABORTABLE, PRODUCER_FENCED. */
  sendOffsetsSync(offsets: readonly GroupOffset[], group: GroupMetadata): void {
    this.#guarded(() => {
      this.#mustBeOpen()
      const state = this.#broker.group(group.groupId)
      state.check(group)
      this.#broker.transactions.addOffsets(this.#owner, state, offsets)
    })
  }

  async commit(): Promise<void> {
    this.commitSync()
  }

  /** Throws TRANSACTION_ABORTABLE, PRODUCER_FENCED. */
  commitSync(): void {
    this.#guarded(() => {
      this.#mustBeOpen()
      this.#producer.flushSync()
      this.#end(true)
    })
  }

  async abort(): Promise<void> {
    this.abortSync()
  }

  /** Throws PRODUCER_FENCED. */
  abortSync(): void {
    this.#guarded(() => {
      this.#producer.discard()
      this.#end(false)
    })
  }

  async close(): Promise<void> {
    if (this.#state === 'ready' || this.#fenced !== undefined) return
    try {
      this.abortSync()
    } catch (error) {
      // the new owner has ended the transaction
      if (!hasCode(error, 'PRODUCER_FENCED')) throw error
    }
  }

  #end(committed: boolean): void {
    this.#broker.transactions.end(this.#owner, committed)
    this.#state = 'ready'
    this.#broker.changed()
  }

  #mustBeOpen(): void {
    if (this.#state === 'ready') throw this.#abortable('there is none')
    if (this.#state === 'failed') throw this.#abortable('it has failed before')
  }

  /** Any failure is the transaction's; who is fenced stays so. */
  #guarded(act: () => void): void {
    if (this.#fenced !== undefined) throw this.#fenced
    const wasOpen = this.#state !== 'ready'
    try {
      act()
    } catch (error) {
      if (!(error instanceof StreamsError)) throw error
      if (wasOpen) this.#state = 'failed'
      if (error.code === 'PRODUCER_FENCED') this.#fenced = error
      throw error.code === 'PRODUCE_FAILED' ? this.#abortable(error.message, error) : error
    }
  }

  #abortable(why: string, cause?: unknown): StreamsError {
    return new StreamsError(
      'TRANSACTION_ABORTABLE',
      `transaction of '${this.#owner.transactionalId}': ${why}`,
      cause
    )
  }
}
