import { hasCode, StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import { Alarm } from './alarm.ts'
import type { Cluster } from './cluster.ts'
import { brokerCode, brokerCodeName, connectionError, isRetriable, produceError } from './errors.ts'
import type { BatchListener, BatchSettings, PartitionBatches, SealedBatch } from './partition-batches.ts'
import { type ProduceApi, type Produced, produceApi } from './produce-api.ts'
import { LeaderLookUp } from './producer-leaders.ts'
import { ticks } from './retry.ts'

/** Most requests under way at one broker, and most bytes in one of them (a single larger batch goes all the same). */
const requestsPerBroker = 5
const requestBytes = 1024 * 1024

/** The leader waits for the end of the transaction before: that takes it milliseconds, and it has waited itself. */
const concurrentPauseMs = 5
/** No answer to Produce for years, but not gone from the protocol. */
const unknownProducerId = 59

/** What a transaction has to say about sending. */
export interface SendGate {
  readonly api: ProduceApi
  /** False while the partition's batches have to wait. Whoever opens the gate calls `resume`. */
  admits(partition: PartitionBatches): boolean
}

const openGate: SendGate = { api: produceApi, admits: () => true }

interface Sending {
  readonly partition: PartitionBatches
  readonly batch: SealedBatch
}

/** Sends sealed batches to the partitions' leaders until each is acknowledged, or the producer has failed for good. */
export class BatchSender implements BatchListener {
  readonly settings: BatchSettings
  /** In open and unacknowledged batches. */
  bytes = 0
  failure: StreamsError | undefined
  readonly #cluster: Cluster
  readonly #lingerMs: number
  readonly #timeoutMs: number
  readonly #answerWithinMs: number
  readonly #open = new Set<PartitionBatches>()
  /** With unacknowledged batches; who was served last is at the end. */
  readonly #active = new Set<PartitionBatches>()
  readonly #requests = new Map<number, number>()
  readonly #alarm = new Alarm(() => this.#schedule())
  readonly #leaders: LeaderLookUp
  readonly #gate: SendGate
  #scheduled = false
  #waiting: (() => void)[] = []
  /** Who waits for requests under way. */
  #idling: (() => void)[] = []
  /** What went wrong last, told when time runs out. */
  #lastProblem = 'no answer yet'

  constructor(cluster: Cluster, lingerMs: number, settings: BatchSettings, gate: SendGate = openGate) {
    this.#cluster = cluster
    this.#gate = gate
    this.#leaders = new LeaderLookUp(cluster, this.#active, this.#alarm, {
      done: () => this.#schedule(),
      problem: (failure) => {
        this.#lastProblem = failure.message
        if (!hasCode(failure, 'BROKER_UNAVAILABLE')) this.fail(failure)
      }
    })
    this.#lingerMs = lingerMs
    this.settings = settings
    this.#timeoutMs = Math.min(30_000, settings.deliveryTimeoutMs, cluster.requestTimeoutMs)
    // the broker may take its time for the followers; the answer must have time to come back
    this.#answerWithinMs = this.#timeoutMs + 5_000
  }

  opened(partition: PartitionBatches): void {
    this.#open.add(partition)
    this.#alarm.by(partition.openedAt + this.#lingerMs)
  }

  sealed(partition: PartitionBatches): void {
    this.#open.delete(partition)
    if (this.failure !== undefined) partition.discard()
    else {
      this.#active.add(partition)
      this.#schedule()
    }
  }

  grown(bytes: number): void {
    this.bytes += bytes
  }

  /** Resolves when all batches sealed so far are acknowledged, or the producer has failed. */
  async settled(): Promise<void> {
    const pending = new Set([...this.#active].flatMap((partition) => partition.queue))
    while (this.failure === undefined && this.#anyQueued(pending)) await this.progress()
  }

  /** Resolves at the next acknowledgement or failure. */
  async progress(): Promise<void> {
    if (this.failure === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Looks again for what can be sent now. */
  resume(): void {
    this.#schedule()
  }

  /** Resolves when no request is under way; each ends by itself when its time is up. */
  async idle(): Promise<void> {
    while (this.#underWay() > 0) await new Promise<void>((resolve) => this.#idling.push(resolve))
  }

  /** Drops all that is not acknowledged, and what comes until `reset`. */
  fail(failure: StreamsError): void {
    this.failure ??= failure
    for (const partition of [...this.#active, ...this.#open]) partition.discard()
    this.#active.clear()
    this.#open.clear()
    this.#wake()
  }

  /** Begins anew after a failure, when nothing is under way any more. */
  reset(): void {
    this.failure = undefined
  }

  close(): void {
    this.#alarm.stop()
    this.fail(new StreamsError('PRODUCE_FAILED', 'the producer was closed'))
  }

  #anyQueued(batches: ReadonlySet<SealedBatch>): boolean {
    for (const partition of this.#active)
      for (const batch of partition.queue) if (batches.has(batch)) return true
    return false
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      if (this.failure === undefined) this.#pump()
    })
  }

  #pump(): void {
    const now = ticks()
    for (const partition of this.#open) {
      if (partition.openedAt + this.#lingerMs <= now) partition.seal()
      else this.#alarm.by(partition.openedAt + this.#lingerMs)
    }
    // one batch a partition and request: as many rounds as there are requests to make
    while (this.#sendRound(now));
  }

  /** Makes at most one request to each leader; false if there was none to make. */
  #sendRound(now: number): boolean {
    const byLeader = new Map<number, Sending[]>()
    const sizes = new Map<number, number>()
    for (const partition of this.#active) {
      const batch = this.#sendable(partition, now)
      if (batch === undefined) continue
      const leader = this.#cluster.topic(partition.topic)?.partitions[partition.partition]?.leader ?? -1
      if (partition.stale || leader < 0) this.#leaders.refresh(now)
      else if ((this.#requests.get(leader) ?? 0) < requestsPerBroker) {
        const size = (sizes.get(leader) ?? 0) + batch.length
        const sendings = byLeader.get(leader)
        if (sendings === undefined) byLeader.set(leader, [{ partition, batch }])
        else if (size <= requestBytes) sendings.push({ partition, batch })
        else continue
        sizes.set(leader, size)
      }
    }
    if (this.failure !== undefined) return false
    for (const [leader, sendings] of byLeader) void this.#send(leader, sendings)
    return byLeader.size > 0
  }

  #sendable(partition: PartitionBatches, now: number): SealedBatch | undefined {
    const first = partition.queue[0]
    if (first === undefined) return undefined
    if (first.deadline <= now) {
      this.fail(
        new StreamsError(
          'PRODUCE_FAILED',
          `${partitionName(partition.topic, partition.partition)}: a batch was not acknowledged within ` +
            `${this.settings.deliveryTimeoutMs} ms (${this.#lastProblem})`
        )
      )
      return undefined
    }
    this.#alarm.by(first.deadline)
    if (!this.#gate.admits(partition)) return undefined
    try {
      return partition.next(now)
    } catch (error) {
      if (!(error instanceof StreamsError)) throw error
      this.fail(error)
      return undefined
    } finally {
      if (partition.retryAt > now) this.#alarm.by(partition.retryAt)
    }
  }

  async #send(leader: number, sendings: readonly Sending[]): Promise<void> {
    this.#requests.set(leader, (this.#requests.get(leader) ?? 0) + 1)
    for (const { partition, batch } of sendings) {
      partition.sending(batch)
      // last in the next round
      this.#active.delete(partition)
      this.#active.add(partition)
    }
    try {
      const produced = await this.#cluster.produceChannel(leader, this.#answerWithinMs).send(this.#gate.api, {
        transactionalId: this.settings.transactionalId,
        timeoutMs: this.#timeoutMs,
        batches: sendings.map(({ batch }) => batch)
      })
      if (this.failure === undefined) this.#answered(leader, sendings, produced)
    } catch (error) {
      if (this.failure === undefined) this.#unanswered(leader, sendings, error)
    } finally {
      this.#requests.set(leader, this.#requests.get(leader)! - 1)
      if (this.#underWay() === 0) for (const resolve of this.#idling.splice(0)) resolve()
      this.#schedule()
    }
  }

  #answered(leader: number, sendings: readonly Sending[], produced: readonly Produced[]): void {
    const answers = new Map(produced.map((one) => [partitionName(one.topic, one.partition), one]))
    for (const sending of sendings) {
      const { partition, batch } = sending
      const name = partitionName(batch.topic, batch.partition)
      const answer = answers.get(name)
      const code = answer?.errorCode ?? brokerCode.networkException
      if (code === 0 || code === brokerCode.duplicateSequence) {
        if (partition.displaced) {
          this.fail(outOfOrder(name))
          return
        }
        partition.succeeded(batch, answer?.baseOffset ?? -1)
        if (partition.queue.length === 0) this.#active.delete(partition)
      } else if (this.#mayPass(sending, code)) this.#again(sending, code, `${name}: ${brokerCodeName(code)}`)
      else {
        this.fail(produceError(`writing to ${name} at broker ${leader}`, code, answer?.errorMessage))
        return
      }
    }
    this.#wake()
  }

  #mayPass({ partition, batch }: Sending, code: number): boolean {
    if (code !== brokerCode.outOfOrderSequence && code !== unknownProducerId) return isRetriable(code)
    // a batch behind one that failed is out of order for that reason alone
    if (!partition.isFirst(batch)) return true
    // The first is not in the log, and neither is any behind it. Within a transaction, what it wrote before may be lost.
    if (this.settings.transactionalId !== null) return false
    partition.displaced = true
    return true
  }

  #unanswered(leader: number, sendings: readonly Sending[], error: unknown): void {
    const failure = connectionError(`writing to broker ${leader}`, error)
    if (hasCode(failure, 'BROKER_UNAVAILABLE'))
      for (const sending of sendings) this.#again(sending, brokerCode.networkException, failure.message)
    else this.fail(failure)
  }

  #again({ partition, batch }: Sending, code: number, problem: string): void {
    this.#lastProblem = problem
    const concurrent = code === brokerCode.concurrentTransactions
    partition.failed(batch, ticks(), concurrent ? concurrentPauseMs : undefined)
    if (!concurrent) partition.stale = true
  }

  #underWay(): number {
    let count = 0
    for (const requests of this.#requests.values()) count += requests
    return count
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

function outOfOrder(name: string): StreamsError {
  return new StreamsError(
    'PRODUCE_FAILED',
    `${name}: a new leader took a batch before the one that precedes it; records are out of order`
  )
}
