import {
  addOffsetsToTxnV4,
  addPartitionsToTxnV3,
  apiVersionsV3,
  endTxnV4,
  initProducerIdV5
} from '@platformatic/kafka'
import { hasCode, StreamsError } from '../../core/errors.ts'
import { partitionName, type TopicPartition } from '../../core/record.ts'
import type { Cluster } from './cluster.ts'
import { type ChannelOptions, clientSoftware, defaultChannel } from './connections.ts'
import { Coordinator } from './coordinator.ts'
import { endTxnV5 } from './end-txn-api.ts'
import { brokerCode, brokerCodeName } from './errors.ts'
import { byTopic } from './group-partitions.ts'
import type { ProducerIdentity } from './producer-identity.ts'
import { Backoff, closed, pausing, ticks } from './retry.ts'
import { TransactionErrors, transactionCode, verdictOf } from './transaction-errors.ts'

/** 1: partitions and offsets are announced to the coordinator. 2: the leaders do that, and each transaction has its epoch (KIP-890). */
export type TransactionVersion = 1 | 2

/** No producer before this one: the broker makes an epoch that fences whoever had the transactional id. */
const nobody: ProducerIdentity = { producerId: -1, epoch: -1 }

interface TransactionTimeouts {
  /** When the broker aborts by itself. */
  readonly transactionTimeoutMs: number
  /** How long one step is tried. */
  readonly stepTimeoutMs: number
}

/** The markers of the transaction before are written within milliseconds: asked again soon, then every 20 ms. */
const concurrentPauses = { firstMs: 2, mostMs: 20 }

const purpose = 'transaction'
export const transactionChannel: ChannelOptions = { ...defaultChannel, requestTimeoutMs: 15_000 }

/** An attempt's error code, and what was asked, for messages. */
export type Attempt = () => Promise<number>

/** The requests about one transactional id, over a connection of their own, each tried until it is answered for good. */
export class TransactionCoordinator {
  readonly #transactionalId: string
  readonly #timeouts: TransactionTimeouts
  readonly #cluster: Cluster
  readonly #coordinator: Coordinator
  readonly #errors: TransactionErrors

  constructor(cluster: Cluster, transactionalId: string, timeouts: TransactionTimeouts) {
    this.#cluster = cluster
    this.#transactionalId = transactionalId
    this.#timeouts = timeouts
    this.#coordinator = new Coordinator(cluster, transactionalId, 'transaction')
    this.#errors = new TransactionErrors(transactionalId)
  }

  /**
   * Becomes the owner: the former one is fenced, its open transaction ended. An owner that needs a new epoch says who it is, so that
   * it does not fence the one that came after it (KIP-360). Throws BROKER_UNAVAILABLE, PRODUCER_FENCED, BROKER_REFUSED.
   */
  async init(former: ProducerIdentity = nobody): Promise<ProducerIdentity> {
    let identity = former
    await this.attempts('getting a producer id', former, this.#cluster.signal, async () => {
      const answer = await this.#coordinator.call(
        purpose,
        transactionChannel,
        initProducerIdV5.api,
        this.#transactionalId,
        this.#timeouts.transactionTimeoutMs,
        BigInt(former.producerId),
        former.epoch
      )
      if (answer.errorCode === 0)
        identity = { producerId: Number(answer.producerId), epoch: answer.producerEpoch }
      return answer.errorCode
    })
    return identity
  }

  /** What the cluster has agreed on, at this moment. Throws BROKER_UNAVAILABLE, BROKER_REFUSED. */
  async version(): Promise<TransactionVersion> {
    let level = 0
    await this.attempts('reading transaction.version', nobody, this.#cluster.signal, async () => {
      const answer = await this.#coordinator.call(
        purpose,
        transactionChannel,
        apiVersionsV3.api,
        ...clientSoftware
      )
      for (const { name, maxVersionLevel } of answer.finalizedFeatures ?? [])
        if (name === 'transaction.version') level = maxVersionLevel
      return answer.errorCode
    })
    return level >= 2 ? 2 : 1
  }

  /** Version 1. Throws TRANSACTION_ABORTABLE, PRODUCER_FENCED, BROKER_REFUSED, BROKER_UNAVAILABLE. */
  async addPartitions(
    identity: ProducerIdentity,
    partitions: readonly TopicPartition[],
    signal: AbortSignal
  ): Promise<void> {
    const names = partitions.map(({ topic, partition }) => partitionName(topic, partition)).join(', ')
    const topics = byTopic(partitions).map(([name, numbers]) => ({ name, partitions: numbers }))
    const transaction = { ...this.#who(identity), verifyOnly: false, topics }
    await this.attempts(`adding ${names}`, identity, signal, async () => {
      const answer = await this.#coordinator.call(purpose, transactionChannel, addPartitionsToTxnV3.api, [
        transaction
      ])
      const codes = answer.resultsByTransaction.flatMap(({ topicResults }) =>
        topicResults.flatMap(({ resultsByPartition }) =>
          resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode)
        )
      )
      if (codes.length < partitions.length) return brokerCode.networkException
      // one that failed keeps the others from being attempted: its code tells why
      return (
        codes.find((code) => code !== 0 && code !== transactionCode.operationNotAttempted) ??
        Math.max(...codes)
      )
    })
  }

  /** Version 1: announces that offsets of the group come. Throws as `addPartitions`. */
  async addOffsets(identity: ProducerIdentity, groupId: string, signal: AbortSignal): Promise<void> {
    const { transactionalId, producerId, producerEpoch } = this.#who(identity)
    await this.attempts(`adding offsets of group '${groupId}'`, identity, signal, async () => {
      const answer = await this.#coordinator.call(
        purpose,
        transactionChannel,
        addOffsetsToTxnV4.api,
        transactionalId,
        producerId,
        producerEpoch,
        groupId
      )
      return answer.errorCode
    })
  }

  /** Ends the transaction; resolves with who writes the next one. Throws as `addPartitions`. */
  async end(
    identity: ProducerIdentity,
    committed: boolean,
    version: TransactionVersion
  ): Promise<ProducerIdentity> {
    const { transactionalId, producerId, producerEpoch } = this.#who(identity)
    const who = [transactionalId, producerId, producerEpoch, committed] as const
    let next = identity
    await this.attempts(committed ? 'committing' : 'aborting', identity, this.#cluster.signal, async () => {
      if (version === 1)
        return (await this.#coordinator.call(purpose, transactionChannel, endTxnV4.api, ...who)).errorCode
      const answer = await this.#coordinator.call(purpose, transactionChannel, endTxnV5, ...who)
      if (answer.errorCode === 0 && answer.producerId >= 0n)
        next = { producerId: Number(answer.producerId), epoch: answer.producerEpoch }
      return answer.errorCode
    })
    return next
  }

  /** Repeats an attempt while its answer may change. Throws BROKER_UNAVAILABLE when the time is up or the signal was aborted. */
  async attempts(
    what: string,
    identity: ProducerIdentity,
    signal: AbortSignal,
    attempt: Attempt
  ): Promise<void> {
    const deadline = ticks() + this.#timeouts.stepTimeoutMs
    const backoff = new Backoff()
    let concurrentMs = concurrentPauses.firstMs
    for (;;) {
      if (signal.aborted) throw closed()
      let pause: number
      let problem: StreamsError
      try {
        const code = await attempt()
        const verdict = verdictOf(code)
        if (verdict === 'done') return
        this.#coordinator.note(code)
        if (verdict !== 'again') throw this.#errors.of(code, what, identity)
        pause = code === brokerCode.concurrentTransactions ? concurrentMs : backoff.next()
        concurrentMs = Math.min(2 * concurrentMs, concurrentPauses.mostMs)
        problem = new StreamsError(
          'BROKER_UNAVAILABLE',
          `transaction of '${this.#transactionalId}', ${what}: the broker answered ${brokerCodeName(code)}`
        )
      } catch (error) {
        if (!hasCode(error, 'BROKER_UNAVAILABLE')) throw error
        pause = backoff.next()
        problem = error as StreamsError
      }
      if (ticks() + pause > deadline) throw problem
      await pausing(pause, signal)
    }
  }

  #who({ producerId, epoch }: ProducerIdentity): {
    readonly transactionalId: string
    readonly producerId: bigint
    readonly producerEpoch: number
  } {
    return {
      transactionalId: this.#transactionalId,
      producerId: BigInt(producerId),
      producerEpoch: epoch
    }
  }
}
