import { StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import type { Assignment, Consumer, ConsumerOptions, Fetched } from '../port/consumer.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'
import { ConsumedPartition } from './consumed-partition.ts'
import { FetchBuffers } from './fetch-buffers.ts'
import { SocketFetchConnection } from './fetch-connection.ts'
import { Fetcher, type FetcherOptions } from './fetcher.ts'

/** For measurements. */
export type FetchInternals = Partial<Pick<FetcherOptions, 'connect'>>

function fetcherOptions(
  options: ConsumerOptions,
  cluster: ClusterOptions,
  internals: FetchInternals
): FetcherOptions {
  const buffers = new FetchBuffers()
  return {
    isolation: options.isolation ?? 'read_committed',
    offsetReset: options.offsetReset ?? 'fail',
    partitionMaxBytes: options.partitionMaxBytes ?? 1024 * 1024,
    maxBytes: options.maxBytes ?? 16 * 1024 * 1024,
    maxWaitMs: options.maxWaitMs ?? 500,
    bufferBytes: options.bufferBytes ?? 64 * 1024 * 1024,
    rack: options.rack ?? '',
    security: cluster,
    metrics: cluster.metrics ?? {},
    graceMs: Math.min(30_000, cluster.requestTimeoutMs ?? 30_000),
    connect:
      internals.connect ??
      ((address, clientId, security) => new SocketFetchConnection(address, clientId, security, buffers))
  }
}

/** The port's consumer: keeps the assignments and what has arrived for them; the fetcher goes and gets it. */
export class FetchConsumer implements Consumer {
  readonly #cluster: Cluster
  readonly #fetcher: Fetcher
  readonly #partitions = new Map<string, ConsumedPartition>()
  #waiting: (() => void)[] = []
  #closed = false

  constructor(options: ConsumerOptions, cluster: ClusterOptions, internals: FetchInternals = {}) {
    this.#cluster = new Cluster(options.clientId, cluster)
    const settings = fetcherOptions(options, cluster, internals)
    this.#fetcher = new Fetcher(this.#cluster, this.#partitions, settings, () => this.#wake())
  }

  assign(assignments: readonly Assignment[]): void {
    this.#mustBeOpen()
    for (const { topic, partition, offset, leaderEpoch } of assignments) {
      const name = partitionName(topic, partition)
      const moved = new ConsumedPartition(topic, partition, offset, leaderEpoch)
      const former = this.#partitions.get(name)
      former?.drop()
      moved.paused = former?.paused ?? false
      this.#partitions.set(name, moved)
    }
    this.#fetcher.schedule()
  }

  unassign(partitions: readonly { readonly topic: string; readonly partition: number }[]): void {
    for (const { topic, partition } of partitions) {
      const name = partitionName(topic, partition)
      this.#partitions.get(name)?.drop()
      this.#partitions.delete(name)
    }
  }

  pause(topic: string, partition: number): void {
    const state = this.#partitions.get(partitionName(topic, partition))
    if (state !== undefined) state.paused = true
  }

  resume(topic: string, partition: number): void {
    const state = this.#partitions.get(partitionName(topic, partition))
    if (state === undefined || !state.paused) return
    state.resume()
    if (this.#hasNews(state)) this.#wake()
    this.#fetcher.schedule()
  }

  take(): readonly Fetched[] {
    this.#mustBeOpen()
    const taken: Fetched[] = []
    for (const state of this.#partitions.values()) {
      if (state.paused) continue
      // what arrived before the failure is delivered first
      if (state.failure !== undefined && !state.hasArrived()) throw state.failure
    }
    for (const state of this.#partitions.values()) if (!state.paused) state.drain(taken)
    if (taken.length > 0) this.#fetcher.schedule()
    return taken
  }

  async arrival(timeoutMs: number): Promise<void> {
    for (const state of this.#partitions.values()) if (this.#hasNews(state)) return
    if (this.#closed) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((waiter) => waiter !== done)
        resolve()
      }, timeoutMs)
      this.#waiting.push(done)
    })
  }

  position(topic: string, partition: number): number | undefined {
    return this.#partitions.get(partitionName(topic, partition))?.nextOffset()
  }

  lag(topic: string, partition: number): number | undefined {
    const state = this.#partitions.get(partitionName(topic, partition))
    return state === undefined || state.end < 0 ? undefined : Math.max(0, state.end - state.nextOffset())
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#partitions.clear()
    this.#fetcher.close()
    this.#wake()
    await this.#cluster.close()
  }

  #hasNews(state: ConsumedPartition): boolean {
    return !state.paused && (state.failure !== undefined || state.hasArrived())
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new StreamsError('BROKER_UNAVAILABLE', 'the consumer was closed')
  }
}
