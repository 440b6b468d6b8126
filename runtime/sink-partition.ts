import { StreamsError } from '../core/errors.ts'
import type { Topic } from '../core/topic.ts'
import type { RecordBatches } from '../kafka/batch/record-batches.ts'
import type { Consumer } from '../kafka/port/consumer.ts'
import type { Rejection, Sink } from '../sinks/sink.ts'
import { Backoff } from './backoff.ts'
import { Signal } from './signal.ts'
import type { Refusal, SinkDeadLetters } from './sink-dead-letters.ts'
import { SinkQueue, type TakeLimits, type Taken } from './sink-queue.ts'

/** What the partitions of a sink task share. */
export interface SinkContext<K, V> {
  readonly sink: Sink<K, V>
  readonly consumer: Consumer
  readonly deadLetters: SinkDeadLetters | undefined
  readonly limits: TakeLimits
  /** A partition with more fetched bytes than this is paused. */
  readonly bufferBytes: number
  readonly retryMs: { readonly first: number; readonly most: number }
}

/** One life of a topic, as the task found it. */
export interface OpenTopic<K, V> {
  readonly topic: Topic<K, V>
  readonly id: string
}

/**
 * Carries one partition into the sink, at its own pace:
 *
 *     open -> read from its position -> take, dead letters of the undecodable, write, dead letters of the refused, take, ...
 *       ^                                                                      |
 *       +---------------------------------- fenced ----------------------------+
 *
 * A sink that is away holds this partition up and no other.
 */
export class SinkPartition<K, V> {
  readonly topic: Topic<K, V>
  readonly partition: number
  written = 0
  rejected = 0
  /** Times that the sink was asked again, because it was away. */
  retries = 0
  /** How long writing to the sink took, ms. */
  writingMs = 0
  readonly #topicId: string
  readonly #context: SinkContext<K, V>
  readonly #queue: SinkQueue<K, V>
  readonly #backoff: Backoff
  readonly #arrived = new Signal()
  readonly #stopped = new Signal()
  /** After the last record that is in the sink or among the dead letters; before the first, the group's offset. */
  #position: number | undefined
  #idle = false
  #assigned = false
  #problem: string | undefined
  #paused = false
  #stopping = false

  constructor(
    open: OpenTopic<K, V>,
    partition: number,
    committed: number | undefined,
    context: SinkContext<K, V>
  ) {
    this.topic = open.topic
    this.partition = partition
    this.#topicId = open.id
    this.#position = committed
    this.#context = context
    this.#queue = new SinkQueue(open.topic, partition)
    this.#backoff = new Backoff(context.retryMs.first, context.retryMs.most)
  }

  /** What the group may commit; with nothing under way, past markers that no record follows. */
  get position(): number | undefined {
    if (this.#idle && this.#assigned && this.#queue.bytes === 0) {
      const read = this.#context.consumer.position(this.topic.name, this.partition) ?? 0
      if (this.#position === undefined || read > this.#position) return read
    }
    return this.#position
  }

  /** Records that are not in the sink yet, as the broker last told; undefined until it did. Markers between them count, too. */
  get lag(): number | undefined {
    const { name } = this.topic
    const { consumer } = this.#context
    const behind = consumer.lag(name, this.partition)
    const read = consumer.position(name, this.partition)
    if (behind === undefined || read === undefined) return undefined
    return behind + Math.max(0, read - (this.position ?? read))
  }

  get queuedBytes(): number {
    return this.#queue.bytes
  }

  /** What holds this partition up, if anything does. */
  get problem(): string | undefined {
    return this.#problem
  }

  add(batches: RecordBatches): void {
    this.#queue.add(batches)
    this.#regulate()
    this.#arrived.raise()
  }

  /** Lets the batch under way come to its end; `run` then resolves. */
  stop(): void {
    this.#stopping = true
    this.#arrived.raise()
    this.#stopped.raise()
  }

  /** Resolves when stopped. Rejects with what neither waiting nor opening again mends. */
  async run(): Promise<void> {
    const { consumer, sink } = this.#context
    const { topic, partition } = this
    try {
      while (!this.#stopping) {
        try {
          const opened = await this.#tried(() => sink.open(topic.name, this.#topicId, partition))
          if (opened === undefined) return
          this.#readFrom(opened.result ?? this.#position ?? 0)
          await this.#carry()
        } catch (error) {
          if (!(error instanceof StreamsError) || error.code !== 'SINK_FENCED') throw error
          this.#stopReading()
          this.#problem = error.message
          // two tasks that take the partition from each other must not do it at full speed
          await this.#stopped.wait(this.#backoff.next())
        }
      }
    } finally {
      if (this.#assigned) consumer.unassign([{ topic: topic.name, partition }])
      this.#assigned = false
      sink.released?.(topic.name, partition)
    }
  }

  async #carry(): Promise<void> {
    const { limits, sink } = this.#context
    while (!this.#stopping) {
      const taken = this.#queue.take(limits)
      this.#regulate()
      if (taken === undefined) {
        this.#idle = true
        await this.#arrived.wait()
        this.#idle = false
        continue
      }
      // before the write, with which a sink that keeps the position moves it past them
      await this.#bury(taken, taken.undecodable)
      let rejections: readonly Rejection<K, V>[] = []
      if (taken.records.length > 0) {
        const batch = {
          topic: this.topic.name,
          topicId: this.#topicId,
          partition: this.partition,
          records: taken.records,
          first: taken.first,
          next: taken.next
        }
        const start = performance.now()
        const answer = await this.#tried(() => sink.write(batch))
        this.writingMs += performance.now() - start
        if (answer === undefined) return
        rejections = answer.result
        this.#backoff.reset()
      }
      await this.#bury(
        taken,
        rejections.map(({ record, reason }) => ({ offset: record.offset, reason }))
      )
      this.written += taken.records.length - rejections.length
      this.#position = taken.next
    }
  }

  /** Dead letters come before the position: a record is always in the sink, in the dead-letter topic or still to be read. */
  async #bury(taken: Taken<K, V>, refused: readonly Pick<Refusal, 'offset' | 'reason'>[]): Promise<void> {
    const where = { topic: this.topic.name, partition: this.partition }
    const refusals = refused.map(({ offset, reason }): Refusal => ({ ...where, offset, reason }))
    const [one] = refusals
    if (one === undefined) return
    const { deadLetters, sink } = this.#context
    if (deadLetters === undefined)
      throw new StreamsError(
        'PROCESSOR_FAILED',
        `sink ${sink.name} cannot take ${one.topic}-${one.partition} offset ${one.offset}: ${one.reason}; ` +
          'name a dead-letter topic to go on without it'
      )
    await deadLetters.publish(refusals, taken.sources)
    this.rejected += refusals.length
  }

  /** Tries until it works; undefined if the task stops before. Throws all but SINK_UNAVAILABLE. */
  async #tried<T>(work: () => Promise<T>): Promise<{ readonly result: T } | undefined> {
    while (!this.#stopping) {
      try {
        const result = await work()
        this.#problem = undefined
        this.#regulate()
        return { result }
      } catch (error) {
        if (!(error instanceof StreamsError) || error.code !== 'SINK_UNAVAILABLE') throw error
        this.#problem = error.message
        this.retries++
        this.#regulate()
        await this.#stopped.wait(this.#backoff.next())
      }
    }
    return undefined
  }

  #readFrom(offset: number): void {
    const { topic, partition } = this
    this.#queue.reset(offset)
    this.#position = offset
    this.#paused = false
    this.#assigned = true
    this.#context.consumer.assign([{ topic: topic.name, partition, offset }])
  }

  #stopReading(): void {
    if (!this.#assigned) return
    this.#assigned = false
    this.#context.consumer.unassign([{ topic: this.topic.name, partition: this.partition }])
  }

  /** Fetches only what will be wanted soon. */
  #regulate(): void {
    if (!this.#assigned) return
    const { bufferBytes, consumer } = this.#context
    const pause = this.#problem !== undefined || this.#queue.bytes > bufferBytes
    if (pause === this.#paused) return
    this.#paused = pause
    if (pause) consumer.pause(this.topic.name, this.partition)
    else consumer.resume(this.topic.name, this.partition)
  }
}
