import { addPartitionsToTxnV3, endTxnV3, findCoordinatorV6, initProducerIdV4 } from '@platformatic/kafka'
import { expect } from 'vitest'
import { noHeaders } from '../../../core/record.ts'
import { string } from '../../../core/serdes/string.ts'
import { BatchBuilder } from '../../../kafka/batch/batch-builder.ts'
import { Channel, defaultChannel, parseAddress } from '../../../kafka/platformatic/connections.ts'
import { produceApi } from '../../../kafka/platformatic/produce-api.ts'
import { ProduceChannel } from '../../../kafka/platformatic/produce-channel.ts'
import { realBrokers } from './brokers.ts'
import { retryConcurrent } from './retry-concurrent.ts'

const text = string()
const transactionKey = 1

export function produceChannel(): ProduceChannel {
  const address = parseAddress(realBrokers()[0]!)
  return new ProduceChannel({
    address,
    clientId: 'test',
    security: {},
    requestTimeoutMs: 30_000,
    metrics: {}
  })
}

/** A bare transactional producer of single-batch writes to partition 0, on a cluster of one broker. */
export class TransactionalWriter {
  readonly #channel = new Channel(parseAddress(realBrokers()[0]!), 'test-transactions', {}, defaultChannel)
  readonly #batches = produceChannel()
  readonly #id: string
  #producerId = -1n
  #epoch = -1
  #sequences = new Map<string, number>()
  #added = new Set<string>()

  constructor(transactionalId: string) {
    this.#id = transactionalId
  }

  async open(): Promise<this> {
    // the first look-up makes the coordinators' topic
    await retryConcurrent(
      () => this.#channel.call(findCoordinatorV6.api, transactionKey, [this.#id]),
      ({ coordinators }) => coordinators[0]?.errorCode ?? -1
    )
    const answer = await retryConcurrent(
      () => this.#channel.call(initProducerIdV4.api, this.#id, 60_000),
      ({ errorCode }) => errorCode
    )
    this.#producerId = answer.producerId
    this.#epoch = answer.producerEpoch
    return this
  }

  /** Writes one batch within the transaction that is open, or opens one. */
  async write(topic: string, values: readonly string[]): Promise<void> {
    if (!this.#added.has(topic)) await this.#addPartition(topic)
    const builder = new BatchBuilder(topic, 0)
    for (const value of values)
      builder.append(null, 0, 0, text, value, 1_700_000_000_000, noHeaders, 1_000_000)
    const sequence = this.#sequences.get(topic) ?? 0
    this.#sequences.set(topic, sequence + values.length)
    const batch = builder.finish({
      producerId: Number(this.#producerId),
      producerEpoch: this.#epoch,
      baseSequence: sequence,
      transactional: true,
      compression: 'none'
    })
    await retryConcurrent(
      () =>
        this.#batches.send(produceApi, {
          transactionalId: this.#id,
          timeoutMs: 10_000,
          batches: [{ topic, partition: 0, ...batch }]
        }),
      ([produced]) => produced?.errorCode ?? -1
    )
  }

  async commit(): Promise<void> {
    await this.#end(true)
  }

  async abort(): Promise<void> {
    await this.#end(false)
  }

  async close(): Promise<void> {
    this.#batches.close()
    await this.#channel.close()
  }

  async #addPartition(topic: string): Promise<void> {
    const request = {
      transactionalId: this.#id,
      producerId: this.#producerId,
      producerEpoch: this.#epoch,
      verifyOnly: false,
      topics: [{ name: topic, partitions: [0] }]
    }
    const answer = await retryConcurrent(
      () => this.#channel.call(addPartitionsToTxnV3.api, [request]),
      (one) =>
        one.resultsByTransaction[0]?.topicResults[0]?.resultsByPartition[0]?.partitionErrorCode ??
        one.errorCode
    )
    expect(answer.errorCode).toBe(0)
    this.#added.add(topic)
  }

  async #end(committed: boolean): Promise<void> {
    await retryConcurrent(
      () => this.#channel.call(endTxnV3.api, this.#id, this.#producerId, this.#epoch, committed),
      ({ errorCode }) => errorCode
    )
    this.#added.clear()
  }
}
