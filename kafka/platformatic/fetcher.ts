import { hasCode, StreamsError } from '../../core/errors.ts'
import type { ConsumerOptions } from '../port/consumer.ts'
import type { KafkaMetrics } from '../port/metrics.ts'
import { Alarm } from './alarm.ts'
import type { Cluster } from './cluster.ts'
import type { ConsumedPartition } from './consumed-partition.ts'
import { addressName, type Security } from './endpoint.ts'
import { brokerCode, brokerCodeName, brokerError, connectionError } from './errors.ts'
import type { FetchAnswer, FetchPartition } from './fetch-api.ts'
import { FetchBroker } from './fetch-broker.ts'
import type { ConnectFetch } from './fetch-connection.ts'
import { FetchLeaders } from './fetch-leaders.ts'
import { type Asked, FetchReceiver, type Outside } from './fetch-receiver.ts'
import { FetchReset } from './fetch-reset.ts'
import { partitionKey, type SessionRequest, sessionless } from './fetch-session.ts'
import { ticks } from './retry.ts'

/** The least that is asked for, however little room there is: a batch beyond it still arrives whole. */
const leastBytes = 64 * 1024

export interface FetcherOptions extends Required<Omit<ConsumerOptions, 'clientId'>> {
  readonly security: Security
  readonly connect: ConnectFetch
  readonly metrics: KafkaMetrics
  /** Time for an answer beyond the time the broker was told to wait. */
  readonly graceMs: number
}

/** Keeps requests under way for all partitions that are not paused and have room. */
export class Fetcher {
  readonly #cluster: Cluster
  readonly #partitions: ReadonlyMap<string, ConsumedPartition>
  readonly #options: FetcherOptions
  readonly #receiver: FetchReceiver
  readonly #leaders: FetchLeaders
  readonly #reset: FetchReset
  readonly #wake: () => void
  /** By address: a node may come back elsewhere. */
  readonly #brokers = new Map<string, FetchBroker>()
  readonly #alarm = new Alarm(() => this.schedule())
  #scheduled = false

  /** `wake` is called when there is something to take or to throw. */
  constructor(
    cluster: Cluster,
    partitions: ReadonlyMap<string, ConsumedPartition>,
    options: FetcherOptions,
    wake: () => void
  ) {
    this.#cluster = cluster
    this.#partitions = partitions
    this.#options = options
    this.#wake = wake
    this.#receiver = new FetchReceiver(partitions, options.isolation === 'read_committed')
    this.#leaders = new FetchLeaders(cluster, partitions, this.#receiver, this.#alarm, {
      failed: (failure, states) => this.#failed(failure, states),
      wake,
      schedule: () => this.schedule()
    })
    this.#reset = new FetchReset(cluster, options, (failure, state) => this.#failed(failure, [state]))
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
    for (const broker of this.#brokers.values()) broker.close()
  }

  #pump(): void {
    const now = ticks()
    const room = this.#room()
    if (room <= 0) return
    const bySource = new Map<number, ConsumedPartition[]>()
    for (const state of this.#partitions.values()) {
      if (!this.#mayFetch(state, now)) continue
      const leader = this.#leaders.of(state)
      if (state.stale || leader < 0) {
        this.#leaders.refresh(now)
        continue
      }
      const source = state.source(leader, now)
      const group = bySource.get(source)
      if (group === undefined) bySource.set(source, [state])
      else group.push(state)
    }
    // all of them may answer before anything is taken
    const share = Math.max(room / Math.max(this.#brokers.size, bySource.size), leastBytes)
    for (const [node, states] of bySource) this.#fetchFrom(node, states, Math.floor(share), now)
  }

  /** Bytes that may still arrive. */
  #room(): number {
    let paused = 0
    let open = 0
    for (const state of this.#partitions.values())
      if (state.paused) paused += state.arrivedBytes
      else open += state.arrivedBytes
    const room = this.#options.bufferBytes - paused - open
    // With nothing to be taken but what paused partitions hold, there would be no room ever: others may be what their owner waits for.
    return room <= 0 && open === 0 ? leastBytes : room
  }

  #mayFetch(state: ConsumedPartition, now: number): boolean {
    if (state.paused || state.busy || state.resetting || state.failure !== undefined) return false
    if (state.arrivedBytes >= this.#options.partitionMaxBytes) return false
    if (state.retryAt <= now) return true
    this.#alarm.by(state.retryAt)
    return false
  }

  #fetchFrom(node: number, states: ConsumedPartition[], room: number, now: number): void {
    const broker = this.#broker(node)
    if (broker === undefined) {
      // a follower that has left the cluster, or a leader that is new to us
      for (const state of states) {
        this.#lose(state)
        state.putOff(now)
      }
      this.#leaders.refresh(now)
    } else if (broker.retryAt > now) this.#alarm.by(broker.retryAt)
    else if (!broker.longPoll) void this.#request(broker, node, states, 'longPoll', room)
    else if (!broker.quick) {
      const ready = states.filter((state) => state.mayHaveData())
      if (ready.length > 0) void this.#request(broker, node, ready, 'quick', room)
    }
  }

  /** One request to one broker. Never throws: what goes wrong is kept with the partitions it concerns. */
  async #request(
    broker: FetchBroker,
    node: number,
    states: ConsumedPartition[],
    purpose: 'longPoll' | 'quick',
    room: number
  ): Promise<void> {
    // a full answer is filled in this order, and a batch beyond its limits is given to the first partition only
    states.sort((a, b) => a.served - b.served)
    for (const state of states) state.busy = true
    broker[purpose] = true
    const waiting = purpose === 'longPoll'
    const wanted = states.map((state) => this.#wanted(state))
    // to an assignment without an answer yet, where its partition ends is news, too; a full answer names all
    if (waiting && wanted.some((one, i) => states[i]!.end < 0 && broker.session.knows(one)))
      broker.session.broken()
    const session = waiting ? broker.session.request(wanted) : sessionless(wanted)
    const newsOnly = session.sessionEpoch > 0
    const asked = { node, states: new Map(wanted.map((one, i) => [partitionKey(one), states[i]!])), newsOnly }
    const began = ticks()
    try {
      const answer = await broker
        .connection(purpose)
        .fetch(this.#fetchRequest(session, waiting, room), this.#options.graceMs + this.#options.maxWaitMs)
      if (answer.errorCode === 0) this.#received(broker, answer, asked, waiting, began)
      else this.#refused(broker, node, answer, waiting)
    } catch (error) {
      if (waiting) broker.session.broken()
      this.#failed(connectionError(`fetching from broker ${node}`, error), states)
      if (states.some((state) => state.stale)) broker.retryAt = ticks() + broker.backoff.next()
    } finally {
      for (const state of states) state.busy = false
      broker[purpose] = false
      this.schedule()
    }
  }

  #fetchRequest(session: SessionRequest, waiting: boolean, room: number) {
    const { maxWaitMs, maxBytes, partitionMaxBytes, isolation, rack } = this.#options
    return {
      ...session,
      maxWaitMs: waiting ? maxWaitMs : 0,
      maxBytes: Math.min(maxBytes, room),
      partitionMaxBytes,
      readCommitted: isolation === 'read_committed',
      rack
    }
  }

  #wanted(state: ConsumedPartition): FetchPartition {
    const { topic, partition, position, lastEpoch } = state
    const metadata = this.#cluster.topic(topic)!
    state.topicId ??= metadata.id
    const leaderEpoch = metadata.partitions[partition]?.leaderEpoch ?? -1
    return { topicId: state.topicId, partition, leaderEpoch, offset: position, lastEpoch }
  }

  #received(broker: FetchBroker, answer: FetchAnswer, asked: Asked, waiting: boolean, began: number): void {
    broker.backoff.reset()
    if (waiting) broker.session.answered(answer)
    const { outside, batches } = this.#receiver.receive(answer, asked)
    for (const one of outside) this.#outsideLog(one)
    this.#options.metrics.fetch?.({
      broker: addressName(broker.address),
      bytes: answer.bytes.length,
      partitions: answer.partitions.filter((one) => one.recordsEnd > one.recordsStart).length,
      batches,
      ms: ticks() - began
    })
    this.#wake()
  }

  /** An answer that is an error as a whole: of the session alone, or to be thrown. Whatever it is, it comes again if it is asked for at once. */
  #refused(broker: FetchBroker, node: number, { errorCode, lease }: FetchAnswer, waiting: boolean): void {
    lease.release()
    if (waiting && broker.session.refused(errorCode)) {
      broker.retryAt = ticks() + broker.backoff.next()
      return
    }
    const where = `fetching from broker ${node}`
    // any exception within the broker, as for a partition; Kafka's FetchSessionHandler tries again after every error of a whole answer
    if (errorCode === brokerCode.unknownServerError)
      throw new StreamsError(
        'BROKER_UNAVAILABLE',
        `${where}: the broker answered ${brokerCodeName(errorCode)}`
      )
    throw brokerError(where, errorCode)
  }

  /** What is about the network is tried again, after a look at the metadata: the leader may have moved. */
  #failed(failure: StreamsError, states: readonly ConsumedPartition[]): void {
    const passes = hasCode(failure, 'BROKER_UNAVAILABLE')
    for (const state of states)
      if (passes) this.#lose(state)
      else state.failure = failure
    if (!passes) this.#wake()
  }

  #lose(state: ConsumedPartition): void {
    state.stale = true
    state.replica = -1
  }

  #outsideLog(outside: Outside): void {
    const { state } = outside
    state.resetting = true
    void this.#reset.reset(outside).finally(() => {
      state.resetting = false
      if (state.failure !== undefined) this.#wake()
      this.schedule()
    })
  }

  /** Undefined for a node that the metadata does not name. */
  #broker(node: number): FetchBroker | undefined {
    if (!this.#cluster.brokers.includes(node)) return undefined
    const { address } = this.#cluster.channel('fetch', node)
    const name = addressName(address)
    let broker = this.#brokers.get(name)
    if (broker === undefined) {
      const { connect, security } = this.#options
      broker = new FetchBroker(address, () => connect(address, this.#cluster.clientId, security))
      this.#brokers.set(name, broker)
    }
    return broker
  }
}
