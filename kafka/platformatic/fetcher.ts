import { hasCode, StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import type { ConsumerOptions } from '../port/consumer.ts'
import { Alarm } from './alarm.ts'
import type { Cluster } from './cluster.ts'
import type { ChannelOptions } from './connections.ts'
import type { ConsumedPartition } from './consumed-partition.ts'
import { connectionError } from './errors.ts'
import { type FetchPartition, type FetchTopic, fetchApi } from './fetch-api.ts'
import { FetchReceiver, missingTopicMs } from './fetch-receiver.ts'
import { listOffsets } from './list-offsets.ts'
import { Backoff, ticks } from './retry.ts'

/** Time for an answer beyond the time the broker was told to wait. */
const graceMs = 30_000

/**
 * What is under way at one broker. The long poll takes every partition that may be fetched. A partition that becomes ready while the
 * poll is waiting, and may have data, does not wait for its end: the quick request gets it over a second connection.
 */
interface BrokerFetches {
  longPoll: boolean
  quick: boolean
  retryAt: number
  readonly backoff: Backoff
}

/** Keeps requests under way for all partitions that are not paused and have room. */
export class Fetcher {
  readonly #cluster: Cluster
  readonly #partitions: ReadonlyMap<string, ConsumedPartition>
  readonly #options: Required<Omit<ConsumerOptions, 'clientId'>>
  readonly #channelOptions: ChannelOptions
  readonly #receiver: FetchReceiver
  readonly #wake: () => void
  readonly #brokers = new Map<number, BrokerFetches>()
  readonly #alarm = new Alarm(() => this.schedule())
  readonly #metadataBackoff = new Backoff()
  #refreshing = false
  #refreshAt = 0
  #scheduled = false

  /** `wake` is called when there is something to take or to throw. */
  constructor(
    cluster: Cluster,
    partitions: ReadonlyMap<string, ConsumedPartition>,
    options: ConsumerOptions,
    wake: () => void
  ) {
    this.#cluster = cluster
    this.#partitions = partitions
    this.#wake = wake
    this.#options = {
      isolation: options.isolation ?? 'read_committed',
      offsetReset: options.offsetReset ?? 'fail',
      partitionMaxBytes: options.partitionMaxBytes ?? 1024 * 1024,
      maxBytes: options.maxBytes ?? 16 * 1024 * 1024,
      maxWaitMs: options.maxWaitMs ?? 500
    }
    this.#channelOptions = { requestTimeoutMs: this.#options.maxWaitMs + graceMs, maxInflights: 1 }
    this.#receiver = new FetchReceiver(partitions, this.#options.isolation === 'read_committed')
  }

  /** Looks for work once the current run of synchronous changes is over. */
  schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      if (!this.#cluster.signal.aborted) this.#pump()
    })
  }

  close(): void {
    this.#alarm.stop()
  }

  #pump(): void {
    const now = ticks()
    const byLeader = new Map<number, ConsumedPartition[]>()
    let room = 2 * this.#options.maxBytes
    // what a paused partition holds is bounded by itself, and must not keep the others from going on
    for (const state of this.#partitions.values()) if (!state.paused) room -= state.arrivedBytes
    if (room <= 0) return
    for (const state of this.#partitions.values()) {
      if (!this.#mayFetch(state, now)) continue
      const leader = this.#cluster.topic(state.topic)?.partitions[state.partition]?.leader ?? -1
      if (state.stale || leader < 0) {
        this.#refreshMetadata(now)
        continue
      }
      const group = byLeader.get(leader)
      if (group === undefined) byLeader.set(leader, [state])
      else group.push(state)
    }
    for (const [leader, states] of byLeader) this.#fetchFrom(leader, states, now)
  }

  #mayFetch(state: ConsumedPartition, now: number): boolean {
    if (state.paused || state.busy || state.resetting || state.failure !== undefined) return false
    if (state.arrivedBytes >= this.#options.partitionMaxBytes) return false
    if (state.retryAt <= now) return true
    this.#alarm.by(state.retryAt)
    return false
  }

  #fetchFrom(leader: number, states: ConsumedPartition[], now: number): void {
    const broker = this.#broker(leader)
    if (broker.retryAt > now) {
      this.#alarm.by(broker.retryAt)
    } else if (!broker.longPoll) {
      broker.longPoll = true
      void this.#request(leader, states, this.#options.maxWaitMs).finally(() => {
        broker.longPoll = false
        this.schedule()
      })
    } else if (!broker.quick) {
      const ready = states.filter((state) => state.mayHaveData())
      if (ready.length === 0) return
      broker.quick = true
      void this.#request(leader, ready, 0).finally(() => {
        broker.quick = false
        this.schedule()
      })
    }
  }

  /** One request to one broker. Never throws: what goes wrong is kept with the partitions it concerns. */
  async #request(leader: number, states: ConsumedPartition[], maxWaitMs: number): Promise<void> {
    // the broker fills its answer in this order, and gives a batch beyond its limits to the first partition only
    states.sort((a, b) => a.served - b.served)
    for (const state of states) state.busy = true
    const from = `broker ${leader}`
    try {
      const channel = this.#cluster.channel(
        maxWaitMs > 0 ? 'fetch' : 'fetch-quick',
        leader,
        this.#channelOptions
      )
      const answer = await channel.call(fetchApi, {
        maxWaitMs,
        maxBytes: this.#options.maxBytes,
        partitionMaxBytes: this.#options.partitionMaxBytes,
        readCommitted: this.#options.isolation === 'read_committed',
        topics: this.#requestTopics(states)
      })
      this.#broker(leader).backoff.reset()
      for (const outside of this.#receiver.receive(answer, states, from)) this.#outsideLog(outside)
      this.#wake()
    } catch (error) {
      this.#failed(connectionError(`fetching from ${from}`, error), states)
      if (states.some((state) => state.stale)) {
        const broker = this.#broker(leader)
        broker.retryAt = ticks() + broker.backoff.next()
      }
    } finally {
      for (const state of states) state.busy = false
    }
  }

  #requestTopics(states: readonly ConsumedPartition[]): FetchTopic[] {
    const topics: { readonly id: string; readonly partitions: FetchPartition[] }[] = []
    for (const state of states) {
      const metadata = this.#cluster.topic(state.topic)!
      state.topicId ??= metadata.id
      // neighbours of one topic share its head; the order of partitions is kept
      let topic = topics.at(-1)
      if (topic?.id !== state.topicId) {
        topic = { id: state.topicId, partitions: [] }
        topics.push(topic)
      }
      const leaderEpoch = metadata.partitions[state.partition]?.leaderEpoch ?? -1
      topic.partitions.push({ partition: state.partition, leaderEpoch, offset: state.position })
    }
    return topics
  }

  /** What is about the network is tried again, after a look at the metadata: the leader may have moved. */
  #failed(failure: StreamsError, states: readonly ConsumedPartition[]): void {
    const passes = hasCode(failure, 'BROKER_UNAVAILABLE')
    for (const state of states)
      if (passes) state.stale = true
      else state.failure = failure
    if (!passes) this.#wake()
  }

  #outsideLog(state: ConsumedPartition): void {
    if (this.#options.offsetReset === 'fail') {
      state.failure = new StreamsError(
        'OFFSET_OUT_OF_RANGE',
        `${partitionName(state.topic, state.partition)}: offset ${state.position} is outside the log`
      )
      return
    }
    state.resetting = true
    void this.#reset(state, this.#options.offsetReset).finally(() => {
      state.resetting = false
      this.schedule()
    })
  }

  async #reset(state: ConsumedPartition, at: 'earliest' | 'latest'): Promise<void> {
    const readCommitted = this.#options.isolation === 'read_committed'
    try {
      const offsets = await listOffsets(this.#cluster, [state], { at, readCommitted })
      state.position = offsets.get(partitionName(state.topic, state.partition))!
      state.unsure = true
    } catch (error) {
      this.#failed(connectionError(`resetting ${partitionName(state.topic, state.partition)}`, error), [
        state
      ])
      state.putOff(ticks())
    }
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
      this.schedule()
    })
  }

  async #lookUpLeaders(): Promise<void> {
    const asked = [...this.#partitions.values()].filter(
      (state) =>
        state.stale || (this.#cluster.topic(state.topic)?.partitions[state.partition]?.leader ?? -1) < 0
    )
    let found = false
    try {
      await this.#cluster.refresh([...new Set(asked.map(({ topic }) => topic))])
      found = true
      for (const state of asked) if (!this.#lookedUp(state)) found = false
    } catch (error) {
      this.#failed(connectionError('looking up partition leaders', error), asked)
    }
    if (found) this.#metadataBackoff.reset()
    else this.#refreshAt = ticks() + this.#metadataBackoff.next()
  }

  /** False while the partition has no leader. */
  #lookedUp(state: ConsumedPartition): boolean {
    const topic = this.#cluster.topic(state.topic)
    const partition = topic?.partitions[state.partition]
    if (topic === undefined || partition === undefined) this.#receiver.missing(state, missingTopicMs)
    else if (state.topicId !== undefined && state.topicId !== topic.id)
      // positions of the former topic mean nothing in the new one
      state.failure = new StreamsError('TOPIC_MISSING', `topic '${state.topic}' was deleted and made again`)
    else state.stale = false
    if (state.failure !== undefined) this.#wake()
    return partition !== undefined && partition.leader >= 0
  }

  #broker(node: number): BrokerFetches {
    let broker = this.#brokers.get(node)
    if (broker === undefined) {
      broker = { longPoll: false, quick: false, retryAt: 0, backoff: new Backoff() }
      this.#brokers.set(node, broker)
    }
    return broker
  }
}
