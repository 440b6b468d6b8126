import { setTimeout as pause } from 'node:timers/promises'
import {
  type Consumer,
  GrowableBytes,
  type KafkaClient,
  noHeaders,
  type Producer,
  type ProducerTopic,
  partitionForKey,
  string
} from '../../../index.ts'
import { RecordCursor } from '../../../kafka/batch/record-cursor.ts'
import { lineItems } from '../workload/line-items.ts'

export interface ProbeTopics {
  readonly input: string
  readonly output: string
  readonly partitions: number
}

/** More than a run's records: they are made one by one. */
const mostRecords = 10_000_000
const everyMs = 2

/**
 * Writes lines at an even pace and waits for the totals made of them. The total of a key that counts n is the answer to the
 * key's nth line.
 */
export class LatencyProbe {
  /** From the line's writing to the total's arrival, ms. */
  readonly latencies: number[] = []
  readonly #producer: Producer
  readonly #topic: ProducerTopic
  readonly #consumer: Consumer
  readonly #lines = lineItems({ format: 'json', records: mostRecords })
  readonly #key = new GrowableBytes()
  /** When each line of a key was written, by its place; NaN for those that do not count. */
  readonly #written = new Map<string, number[]>()
  readonly #receiving: Promise<void>
  #open = true

  private constructor(producer: Producer, topic: ProducerTopic, consumer: Consumer) {
    this.#producer = producer
    this.#topic = topic
    this.#consumer = consumer
    this.#receiving = this.#receive()
  }

  static async open(kafka: KafkaClient, { input, output, partitions }: ProbeTopics): Promise<LatencyProbe> {
    const producer = await kafka.producer({ clientId: 'latency-probe', lingerMs: 0 })
    const consumer = kafka.consumer({ clientId: 'latency-probe', isolation: 'read_committed' })
    const topic = await producer.topic(input)
    consumer.assign(
      Array.from({ length: partitions }, (_, partition) => ({ topic: output, partition, offset: 0 }))
    )
    return new LatencyProbe(producer, topic, consumer)
  }

  /** Writes for that long, by the clock: what a late timer held up is made up for. */
  async drive(recordsPerSecond: number, forMs: number, counts: boolean): Promise<void> {
    const began = performance.now()
    const all = (recordsPerSecond * forMs) / 1000
    for (let sent = 0; sent < all; ) {
      const due = Math.min(all, ((performance.now() - began) * recordsPerSecond) / 1000)
      for (; sent < due; sent++) this.#write(counts)
      await pause(everyMs)
    }
  }

  async close(): Promise<void> {
    this.#open = false
    await this.#receiving
    await this.#consumer.close()
    await this.#producer.close()
  }

  #write(counts: boolean): void {
    const line = this.#lines.next().value
    if (line === undefined) throw new Error('there are no more lines')
    const { key, value } = line
    const end = string().encode(key, this.#key, 0)
    const { partitions } = this.#topic
    const partition = partitionForKey(this.#key.buffer, 0, end, partitions)
    this.#topic.append(partition, this.#key.buffer, 0, end, string(), value, Date.now(), noHeaders)
    const written = this.#written.get(key)
    const at = counts ? performance.now() : Number.NaN
    if (written === undefined) this.#written.set(key, [at])
    else written.push(at)
  }

  async #receive(): Promise<void> {
    const cursor = new RecordCursor()
    while (this.#open) {
      await this.#consumer.arrival(100)
      const now = performance.now()
      for (const fetched of this.#consumer.take()) {
        cursor.open(fetched.batches)
        while (cursor.next()) {
          const { buffer, keyStart, keyEnd, valueStart, valueEnd } = cursor
          const { count } = JSON.parse(buffer.utf8Slice(valueStart, valueEnd)) as { count: number }
          const at = this.#written.get(buffer.utf8Slice(keyStart, keyEnd))?.[count - 1] ?? Number.NaN
          if (!Number.isNaN(at)) this.latencies.push(now - at)
        }
        fetched.release?.()
      }
    }
  }
}
