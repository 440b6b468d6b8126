import { hasCode, StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import { Alarm } from './alarm.ts'
import type { Cluster } from './cluster.ts'
import type { ChannelOptions } from './connections.ts'
import { brokerCode, brokerCodeName, connectionError, isRetriable, produceError } from './errors.ts'
import type { BatchListener, BatchSettings, PartitionBatches, SealedBatch } from './partition-batches.ts'
import { type Produced, produceApi } from './produce-api.ts'
import { Backoff, ticks } from './retry.ts'

/** Most requests under way at one broker, and most bytes in one of them (a single larger batch goes all the same). */
const requestsPerBroker = 5
const requestBytes = 1024 * 1024

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
  readonly #channelOptions: ChannelOptions
  readonly #open = new Set<PartitionBatches>()
  /** With unacknowledged batches; who was served last is at the end. */
  readonly #active = new Set<PartitionBatches>()
  readonly #requests = new Map<number, number>()
  readonly #alarm = new Alarm(() => this.#schedule())
  readonly #metadataBackoff = new Backoff()
  #refreshing = false
  #refreshAt = 0
  #scheduled = false
  #waiting: (() => void)[] = []
  /** What went wrong last, told when time runs out. */
  #lastProblem = 'no answer yet'

  constructor(cluster: Cluster, lingerMs: number, settings: BatchSettings) {
    this.#cluster = cluster
    this.#lingerMs = lingerMs
    this.settings = settings
    this.#timeoutMs = Math.min(30_000, settings.deliveryTimeoutMs)
    // the broker may take its time for the followers; the answer must have time to come back
    this.#channelOptions = { requestTimeoutMs: this.#timeoutMs + 5_000, maxInflights: requestsPerBroker }
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

  close(): void {
    this.#alarm.stop()
    this.#fail(new StreamsError('PRODUCE_FAILED', 'the producer was closed'))
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
      if (partition.stale || leader < 0) this.#refreshMetadata(now)
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
      this.#fail(
        new StreamsError(
          'PRODUCE_FAILED',
          `${partitionName(partition.topic, partition.partition)}: a batch was not acknowledged within ` +
            `${this.settings.deliveryTimeoutMs} ms (${this.#lastProblem})`
        )
      )
      return undefined
    }
    this.#alarm.by(first.deadline)
    const batch = partition.next(now)
    if (partition.retryAt > now) this.#alarm.by(partition.retryAt)
    return batch
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
      const produced = await this.#cluster.channel('produce', leader, this.#channelOptions).call(produceApi, {
        transactionalId: this.settings.identity.transactionalId,
        timeoutMs: this.#timeoutMs,
        batches: sendings.map(({ batch }) => batch)
      })
      if (this.failure === undefined) this.#answered(leader, sendings, produced)
    } catch (error) {
      if (this.failure === undefined) this.#unanswered(leader, sendings, error)
    } finally {
      this.#requests.set(leader, this.#requests.get(leader)! - 1)
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
        partition.succeeded(batch, answer?.baseOffset ?? -1)
        if (partition.queue.length === 0) this.#active.delete(partition)
      } else if (this.#mayPass(sending, code)) this.#again(sending, `${name}: ${brokerCodeName(code)}`)
      else {
        this.#fail(produceError(`writing to ${name} at broker ${leader}`, code, answer?.errorMessage))
        return
      }
    }
    this.#wake()
  }

  /** A batch behind one that failed is out of order for that reason alone. */
  #mayPass({ partition, batch }: Sending, code: number): boolean {
    return isRetriable(code) || (code === brokerCode.outOfOrderSequence && !partition.isFirst(batch))
  }

  #unanswered(leader: number, sendings: readonly Sending[], error: unknown): void {
    const failure = connectionError(`writing to broker ${leader}`, error)
    if (hasCode(failure, 'BROKER_UNAVAILABLE'))
      for (const sending of sendings) this.#again(sending, failure.message)
    else this.#fail(failure)
  }

  #again({ partition, batch }: Sending, problem: string): void {
    this.#lastProblem = problem
    partition.failed(batch, ticks())
    partition.stale = true
  }

  #fail(failure: StreamsError): void {
    this.failure ??= failure
    for (const partition of [...this.#active, ...this.#open]) partition.discard()
    this.#active.clear()
    this.#open.clear()
    this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  #refreshMetadata(now: number): void {
    if (this.#refreshing) return
    if (this.#refreshAt > now) {
      this.#alarm.by(this.#refreshAt)
      return
    }
    this.#refreshing = true
    void this.#lookUpLeaders().finally(() => {
      this.#refreshing = false
      this.#schedule()
    })
  }

  async #lookUpLeaders(): Promise<void> {
    const asked = [...this.#active]
    let found = false
    try {
      await this.#cluster.refresh([...new Set(asked.map(({ topic }) => topic))])
      found = true
      for (const partition of asked) {
        partition.stale = false
        const leader = this.#cluster.topic(partition.topic)?.partitions[partition.partition]?.leader ?? -1
        if (leader < 0) found = false
      }
    } catch (error) {
      const failure = connectionError('looking up partition leaders', error)
      this.#lastProblem = failure.message
      if (!hasCode(failure, 'BROKER_UNAVAILABLE')) this.#fail(failure)
    }
    if (found) this.#metadataBackoff.reset()
    else this.#refreshAt = ticks() + this.#metadataBackoff.next()
  }
}
