import { setTimeout } from 'node:timers/promises'
import { type Clock, systemClock } from '../core/clock.ts'
import { hasCode, StreamsError } from '../core/errors.ts'
import { partitionName } from '../core/record.ts'
import type { Topic } from '../core/topic.ts'
import type { Admin } from '../kafka/port/admin.ts'
import type { KafkaClient } from '../kafka/port/client.ts'
import type { Consumer } from '../kafka/port/consumer.ts'
import type { GroupMember, GroupOffset } from '../kafka/port/group.ts'
import type { Producer } from '../kafka/port/producer.ts'
import type { Sink } from '../sinks/sink.ts'
import { Backoff } from './backoff.ts'
import { SinkDeadLetters } from './sink-dead-letters.ts'
import { type OpenTopic, type SinkContext, SinkPartition } from './sink-partition.ts'

export interface SinkTaskOptions<K, V> {
  readonly client: KafkaClient
  /** The sink's own group; a sink that keeps no position of its own has it there. */
  readonly groupId: string
  readonly instanceId: string
  readonly topics: readonly Topic<K, V>[]
  /** Where the records go. Closed with the task. */
  readonly sink: Sink<K, V>
  /** How long the group waits for this task when it is silent, before another one takes over. Default 45,000 ms. */
  readonly sessionTimeoutMs?: number
  /** Most records of a batch. Default 5,000. */
  readonly batchRecords?: number
  /** Most bytes of a batch. Default 4 MiB. */
  readonly batchBytes?: number
  /** A partition with more fetched bytes than this waits. Default 8 MiB. */
  readonly bufferBytes?: number
  /** How often the group's offsets are committed. Default 5,000 ms. */
  readonly commitIntervalMs?: number
  /** How long a partition waits for a sink that is away: first, and at most. Default 200 ms and 30 s. */
  readonly retryMs?: { readonly first: number; readonly most: number }
  /**
   * Where refused records go. The producer is used by this task alone and closed by its owner. Without it the first refused
   * record ends the task.
   */
  readonly deadLetters?: { readonly topic: string; readonly producer: Producer }
  readonly clock?: Clock
}

export interface SinkProgress {
  /** Records that are in the sink, since the task was started. */
  readonly written: number
  /** Records that are among the dead letters, since the task was started. */
  readonly rejected: number
  /** Times that the sink was asked again because it was away, since the task was started. */
  readonly retries: number
  /** Time spent on writing to the sink, waiting for one that was away included, over all partitions, ms. */
  readonly writingMs: number
  readonly partitions: ReadonlyMap<string, SinkPartitionProgress>
}

interface SinkPartitionProgress {
  /** The next offset to be carried; undefined until the partition was opened. */
  readonly position: number | undefined
  readonly queuedBytes: number
  /** Records that are not in the sink yet; undefined until the broker has told. */
  readonly lag: number | undefined
  /** Why the partition waits: the sink is away, or fenced this task. */
  readonly problem: string | undefined
}

/** How long the loop waits for records before it looks after the group. */
const turnMs = 100

/** Carries committed records of topics into a sink, each partition at its own pace, until closed or failed. */
export class SinkTask<K, V> {
  /** Resolves with the error that ended the task; never, if none does. */
  readonly failed: Promise<Error>
  readonly #options: SinkTaskOptions<K, V>
  readonly #clock: Clock
  readonly #admin: Admin
  readonly #consumer: Consumer
  readonly #group: GroupMember
  readonly #context: SinkContext<K, V>
  readonly #stop = new AbortController()
  readonly #stopped = new Promise<undefined>((resolve) =>
    this.#stop.signal.addEventListener('abort', () => resolve(undefined))
  )
  readonly #reportFailure: (error: Error) => void
  #partitions = new Map<string, SinkPartition<K, V>>()
  #runs: Promise<void>[] = []
  readonly #committed = new Map<string, number>()
  #nextCommit = 0
  /** Counts of partitions that were given back. */
  #carried = { written: 0, rejected: 0, retries: 0, writingMs: 0 }
  #error: Error | undefined
  #loop: Promise<void> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor(options: SinkTaskOptions<K, V>) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    const { client, groupId, instanceId, sessionTimeoutMs, sink } = options
    const clientId = `${groupId}-${instanceId}`
    this.#admin = client.admin(clientId)
    // what retention took before it was read is gone; the sink carries on with what is there
    this.#consumer = client.consumer({ clientId, isolation: 'read_committed', offsetReset: 'earliest' })
    this.#group = client.group({
      clientId,
      groupId,
      instanceId,
      topics: options.topics.map(({ name }) => name),
      ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs })
    })
    this.#context = {
      sink,
      consumer: this.#consumer,
      deadLetters:
        options.deadLetters &&
        new SinkDeadLetters(options.deadLetters.producer, options.deadLetters.topic, sink.name),
      limits: { records: options.batchRecords ?? 5000, bytes: options.batchBytes ?? 4 * 1024 * 1024 },
      bufferBytes: options.bufferBytes ?? 8 * 1024 * 1024,
      retryMs: options.retryMs ?? { first: 200, most: 30_000 }
    }
    const { promise, resolve } = Promise.withResolvers<Error>()
    this.failed = promise
    this.#reportFailure = resolve
  }

  /** Resolves when the task has joined its group and its partitions are on their way. */
  async start(): Promise<void> {
    await this.#join()
    this.#loop = this.#run()
  }

  /** Finishes the batches under way, commits, lets go of everything. With `leave`, the group gives the partitions away at once. */
  close(options: { readonly leave?: boolean } = {}): Promise<void> {
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  progress(): SinkProgress {
    const sums = { ...this.#carried }
    const partitions = new Map<string, SinkPartitionProgress>()
    for (const [name, partition] of this.#partitions) {
      add(sums, partition)
      const { position, queuedBytes, lag, problem } = partition
      partitions.set(name, { position, queuedBytes, lag, problem })
    }
    return { ...sums, partitions }
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stop.signal.aborted) {
        this.#group.check()
        if (this.#group.rejoinNeeded()) {
          await this.#giveBack()
          await this.#join()
        }
        for (const { topic, partition, batches } of this.#consumer.take())
          this.#partitions.get(partitionName(topic, partition))?.add(batches)
        if (this.#clock.now() >= this.#nextCommit) await this.#commit()
        if (!this.#stop.signal.aborted) await this.#consumer.arrival(turnMs)
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  async #join(): Promise<void> {
    const share = await this.#withBroker(() => this.#group.join())
    if (share === undefined || share.partitions.length === 0) return
    const mine = share.partitions
    const names = this.#options.topics.map(({ name }) => name)
    const found = await this.#withBroker(() => this.#admin.describeTopics(names))
    const offsets = await this.#withBroker(() => this.#group.committed(mine))
    if (found === undefined || offsets === undefined || this.#stop.signal.aborted) return
    this.#committed.clear()
    for (const { topic, partition, offset } of offsets)
      this.#committed.set(partitionName(topic, partition), offset)
    const topics = new Map<string, OpenTopic<K, V>>()
    for (const topic of this.#options.topics) {
      const id = found.get(topic.name)?.id
      if (id !== undefined) topics.set(topic.name, { topic, id })
    }
    for (const { topic, partition } of mine) {
      const open = topics.get(topic)
      if (open === undefined) throw new StreamsError('TOPIC_MISSING', `topic ${topic} does not exist`)
      const name = partitionName(topic, partition)
      const one = new SinkPartition(open, partition, this.#committed.get(name), this.#context)
      this.#partitions.set(name, one)
      this.#runs.push(one.run().catch((error: unknown) => this.#fail(error)))
    }
    this.#nextCommit = this.#clock.now() + this.#commitIntervalMs
  }

  /** Lets every partition come to rest, commits where it came, and has none. */
  async #giveBack(): Promise<void> {
    for (const partition of this.#partitions.values()) partition.stop()
    await Promise.all(this.#runs)
    await this.#commit()
    for (const partition of this.#partitions.values()) add(this.#carried, partition)
    this.#runs = []
    this.#partitions = new Map()
  }

  /** Tells the group where the partitions are. What a sink holds beyond that comes again, and changes nothing. */
  async #commit(): Promise<void> {
    this.#nextCommit = this.#clock.now() + this.#commitIntervalMs
    const moved: GroupOffset[] = []
    for (const [name, { topic, partition, position }] of this.#partitions)
      if (position !== undefined && position !== this.#committed.get(name))
        moved.push({ topic: topic.name, partition, offset: position, metadata: '' })
    if (moved.length === 0) return
    try {
      await this.#group.commit(moved)
      for (const { topic, partition, offset } of moved)
        this.#committed.set(partitionName(topic, partition), offset)
    } catch (error) {
      // the next commit, or the next owner's replay, makes up for it
      if (!hasCode(error, 'GROUP_REBALANCE') && !hasCode(error, 'BROKER_UNAVAILABLE')) throw error
    }
  }

  get #commitIntervalMs(): number {
    return this.#options.commitIntervalMs ?? 5000
  }

  /** Tries until the broker answers; undefined if the task stops before: what is under way then ends with its connections. */
  async #withBroker<T>(work: () => Promise<T>): Promise<T | undefined> {
    const { signal } = this.#stop
    const backoff = new Backoff(this.#context.retryMs.first, this.#context.retryMs.most)
    while (!signal.aborted) {
      try {
        return await Promise.race([work(), this.#stopped])
      } catch (error) {
        if (!hasCode(error, 'BROKER_UNAVAILABLE')) throw error
        await setTimeout(backoff.next(), undefined, { signal }).catch(() => undefined)
      }
    }
    return undefined
  }

  #fail(cause: unknown): void {
    if (this.#error !== undefined) return
    const error = cause instanceof Error ? cause : new Error(String(cause))
    this.#error = error
    this.#halt()
    this.#reportFailure(error)
  }

  #halt(): void {
    this.#stop.abort()
    for (const partition of this.#partitions.values()) partition.stop()
  }

  async #close(options: { readonly leave?: boolean }): Promise<void> {
    this.#halt()
    await this.#loop
    try {
      await this.#giveBack()
    } catch (error) {
      // after a failure the group may have another owner, and the failure is known already
      if (this.#error === undefined) this.#fail(error)
    }
    const closed = await Promise.allSettled([
      this.#group.close(options),
      this.#consumer.close(),
      this.#admin.close(),
      this.#options.sink.close()
    ])
    for (const one of closed) if (one.status === 'rejected') throw one.reason
  }
}

interface Carried {
  written: number
  rejected: number
  retries: number
  writingMs: number
}

function add(sums: Carried, more: Carried): void {
  sums.written += more.written
  sums.rejected += more.rejected
  sums.retries += more.retries
  sums.writingMs += more.writingMs
}
