import { hasCode, StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import type { GroupOffset, OffsetCommitter } from '../port/group.ts'
import type { ProducerTopic, TransactionalProducer, TransactionalProducerOptions } from '../port/producer.ts'
import { BatchSender } from './batch-sender.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'
import { Coordinator } from './coordinator.ts'
import { wasFormer } from './former-member.ts'
import { batchSettings } from './producer.ts'
import type { ProducerIdentity } from './producer-identity.ts'
import { ProducerTopics } from './producer-topics.ts'
import { TransactionCoordinator, type TransactionVersion } from './transaction-coordinator.ts'
import { TransactionErrors } from './transaction-errors.ts'
import { TransactionPartitions } from './transaction-partitions.ts'
import { commitTransactionOffsets } from './txn-offset-commit.ts'

/** How long one step is tried at most; the time for delivery, if that is shorter. Its outcome is unknown then. */
const mostStepMs = 60_000
/** How long `close` tries to abort what is open. */
const abortAtCloseMs = 5_000

/**
 *   ready --begin--> open --commit--> ready
 *                    open --a failure--> failed --abort--> ready
 *                    open --abort--> ready
 *
 * Fenced or refused: dead, from any of them.
 */
type State = 'ready' | 'open' | 'failed'

/** The port's transactional producer: the steps of a transaction, and what is left of it after a failure. */
export class CoordinatedProducer implements TransactionalProducer {
  readonly #transactionalId: string
  readonly #cluster: Cluster
  readonly #coordinator: TransactionCoordinator
  readonly #partitions: TransactionPartitions
  readonly #sender: BatchSender
  readonly #topics: ProducerTopics
  readonly #errors: TransactionErrors
  readonly #groups = new Map<string, Coordinator>()
  readonly #announced = new Set<string>()
  #identity: ProducerIdentity
  readonly #mostVersion: TransactionVersion
  #version: TransactionVersion | undefined
  #state: State = 'ready'
  #dead: StreamsError | undefined
  /** Nobody knows what became of a commit: the epoch must not be used any more. */
  #inDoubt = false
  /** Calls are served one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(
    options: TransactionalProducerOptions,
    cluster: Cluster,
    coordinator: TransactionCoordinator,
    identity: ProducerIdentity,
    mostVersion: TransactionVersion
  ) {
    this.#mostVersion = mostVersion
    this.#transactionalId = options.transactionalId
    this.#cluster = cluster
    this.#coordinator = coordinator
    this.#identity = identity
    this.#errors = new TransactionErrors(options.transactionalId)
    this.#partitions = new TransactionPartitions(coordinator)
    const settings = batchSettings(options, options.transactionalId)
    this.#sender = new BatchSender(cluster, options.lingerMs ?? 20, settings, this.#partitions)
    this.#partitions.serve(this.#sender)
    this.#topics = new ProducerTopics(cluster, this.#sender, options, identity, 0, (topic, partition) =>
      this.#admit(topic, partition)
    )
  }

  /** Fences who had the transactional id. `mostVersion` is there for tests of the older protocol. Throws BROKER_UNAVAILABLE, BROKER_REFUSED. */
  static async open(
    options: TransactionalProducerOptions,
    clusterOptions: ClusterOptions,
    mostVersion: TransactionVersion = 2
  ): Promise<CoordinatedProducer> {
    const cluster = new Cluster(options.clientId, clusterOptions)
    try {
      const { transactionalId, transactionTimeoutMs = 60_000, deliveryTimeoutMs = mostStepMs } = options
      const coordinator = new TransactionCoordinator(cluster, transactionalId, {
        transactionTimeoutMs,
        stepTimeoutMs: Math.min(deliveryTimeoutMs, mostStepMs)
      })
      return new CoordinatedProducer(options, cluster, coordinator, await coordinator.init(), mostVersion)
    } catch (error) {
      await cluster.close()
      throw error
    }
  }

  topic(name: string): Promise<ProducerTopic> {
    return this.#topics.topic(name)
  }

  hasRoom(): boolean {
    return this.#topics.hasRoom()
  }

  room(): Promise<void> {
    return this.#topics.room()
  }

  acknowledged(topic: string, partition: number): number | undefined {
    return this.#topics.acknowledged(topic, partition)
  }

  begin(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#state !== 'ready')
        throw this.#errors.abortable('the former one is neither committed nor aborted')
      const former = this.#version
      const version = this.#mostVersion === 1 ? 1 : await this.#coordinator.version()
      // the epochs of version 2 begin where no batch of version 1 can come from
      if (version === 2 && former === 1) {
        await this.#renew()
        this.#topics.settle(this.#identity)
      }
      this.#version = version
      this.#announced.clear()
      this.#partitions.begin(this.#identity, version)
      this.#state = 'open'
    })
  }

  async flush(): Promise<void> {
    if (this.#dead !== undefined) throw this.#again(this.#dead)
    if (this.#state === 'ready') return
    try {
      await this.#flush()
    } catch (error) {
      throw this.#failed(error)
    }
  }

  sendOffsets(offsets: readonly GroupOffset[], member: OffsetCommitter): Promise<void> {
    return this.#inTurn(async () => {
      const version = this.#openVersion()
      if (offsets.length === 0) return
      let sentAs = member.metadata()
      const { groupId } = sentAs
      const { signal } = this.#partitions
      this.#partitions.touch()
      if (version === 1 && !this.#announced.has(groupId)) {
        await this.#coordinator.addOffsets(this.#identity, groupId, signal)
        this.#announced.add(groupId)
      }
      const coordinator = this.#groups.get(groupId) ?? new Coordinator(this.#cluster, groupId)
      this.#groups.set(groupId, coordinator)
      const add = () =>
        this.#coordinator.attempts(`adding offsets of group '${groupId}'`, this.#identity, signal, () => {
          sentAs = member.metadata()
          return commitTransactionOffsets(
            coordinator,
            this.#transactionalId,
            this.#identity,
            version,
            sentAs,
            offsets
          )
        })
      try {
        await add()
      } catch (error) {
        if (hasCode(error, 'GROUP_FENCED') && wasFormer(sentAs, member.metadata()))
          throw new StreamsError('GROUP_REBALANCE', (error as StreamsError).message, error)
        if (!hasCode(error, 'GROUP_REBALANCE') || !(await member.regains(offsets, sentAs))) throw error
        await add()
      }
    })
  }

  commit(): Promise<void> {
    return this.#inTurn(async () => {
      const version = this.#openVersion()
      // 1. every record is in the log
      await this.#flush()
      // 2. what nobody was told of needs no end
      if (!this.#partitions.touched) await this.#finished(this.#identity)
      else {
        // 3. until this is answered, the outcome is in doubt
        this.#inDoubt = true
        const next = await this.#coordinator.end(this.#identity, true, version)
        this.#inDoubt = false
        await this.#finished(next)
      }
    })
  }

  abort(): Promise<void> {
    // what is only tried again is not waited for
    if (this.#state !== 'ready') this.#sender.fail(this.#errors.abortable('it was aborted'))
    const closed = this.#partitions.close()
    return this.#inTurn(async () => {
      if (this.#state === 'ready' || this.#version === undefined) return
      this.#state = 'failed'
      // 1. nothing of this transaction is under way any more, or it could land in the next one
      await closed
      await this.#sender.idle()
      const unsettled = this.#topics.unsettled()
      // 2. the coordinator writes the markers
      if (this.#partitions.touched) await this.#endByAbort(this.#version)
      // 3. sequence numbers that a leader may have seen, and an epoch that may have committed, are not used again
      if (this.#inDoubt || (this.#version === 1 && unsettled)) await this.#renew()
      this.#inDoubt = false
      await this.#finished(this.#identity)
    })
  }

  async close(): Promise<void> {
    try {
      if (this.#state !== 'ready' && this.#dead === undefined) {
        const aborted = this.abort().catch(() => undefined)
        let timer: NodeJS.Timeout | undefined
        const late = new Promise<void>((resolve) => {
          timer = setTimeout(resolve, abortAtCloseMs)
        })
        // if it does not come to that, the broker aborts when the transaction's time is up
        await Promise.race([aborted, late])
        clearTimeout(timer)
      }
    } finally {
      this.#sender.close()
      await this.#cluster.close()
    }
  }

  #admit(topic: string, partition: number): void {
    if (this.#state === 'ready')
      throw this.#errors.abortable(`a record for ${partitionName(topic, partition)} came before begin`)
  }

  async #flush(): Promise<void> {
    this.#topics.sealAll()
    await this.#sender.settled()
    if (this.#sender.failure !== undefined) throw this.#sender.failure
  }

  /** An answer that there is nothing to abort leaves the epoch in doubt. */
  async #endByAbort(version: TransactionVersion): Promise<void> {
    try {
      this.#identity = await this.#coordinator.end(this.#identity, false, version)
    } catch (error) {
      if (!hasCode(error, 'TRANSACTION_ABORTABLE')) throw error
      this.#inDoubt = true
    }
  }

  /** Another epoch. Whoever opened the transactional id meanwhile is not fenced by it. */
  async #renew(): Promise<void> {
    this.#identity = await this.#coordinator.init(this.#identity)
  }

  async #finished(next: ProducerIdentity): Promise<void> {
    await this.#partitions.close()
    this.#identity = next
    this.#topics.settle(next)
    this.#sender.reset()
    this.#state = 'ready'
  }

  #openVersion(): TransactionVersion {
    if (this.#sender.failure !== undefined) throw this.#sender.failure
    if (this.#state === 'ready' || this.#version === undefined) throw this.#errors.abortable('there is none')
    if (this.#state === 'failed') throw this.#errors.abortable('it has failed before')
    return this.#version
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(async () => {
      if (this.#dead !== undefined) throw this.#again(this.#dead)
      try {
        await act()
      } catch (error) {
        throw this.#failed(error)
      }
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** Any failure is the transaction's; who is fenced or refused stays so. */
  #failed(error: unknown): unknown {
    if (!(error instanceof StreamsError)) return error
    if (this.#state === 'open') this.#state = 'failed'
    const failure =
      error.code === 'BROKER_UNAVAILABLE'
        ? this.#errors.abortable(error.message, error)
        : this.#errors.ofBatches(error, this.#identity)
    if (failure.code === 'PRODUCER_FENCED' || failure.code === 'BROKER_REFUSED') this.#dead = failure
    return failure
  }

  /** Thrown afresh, so that the stack tells which call; the cause tells what happened. */
  #again(failure: StreamsError): StreamsError {
    return new StreamsError(failure.code, failure.message, failure)
  }
}
