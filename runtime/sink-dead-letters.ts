import { noBytes } from '../core/bytes.ts'
import { hasCode } from '../core/errors.ts'
import { type Headers, textHeader } from '../core/record.ts'
import { bytes } from '../core/serdes/bytes.ts'
import { partitionForKey } from '../kafka/batch/murmur2.ts'
import type { RecordBatches } from '../kafka/batch/record-batches.ts'
import { RecordCursor } from '../kafka/batch/record-cursor.ts'
import type { Producer, ProducerTopic } from '../kafka/port/producer.ts'

/** Where a refused record came from, and why it did not go further. */
export interface Refusal {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly reason: string
}

const raw = bytes()

/**
 * Writes refused records to the dead-letter topic: the bytes they had, keyed by where they came from. A record that is refused again
 * after a restart has the same key, so in a compacted topic, or in a table over it, it counts once.
 */
export class SinkDeadLetters {
  readonly #producer: Producer
  readonly #topicName: string
  readonly #sink: string
  #topic: ProducerTopic | undefined
  /** Partitions take turns, so that a failed flush is the failure of those who wait for it. */
  #turn: Promise<void> = Promise.resolve()

  constructor(producer: Producer, topic: string, sink: string) {
    this.#producer = producer
    this.#topicName = topic
    this.#sink = sink
  }

  /** Resolves when all of them are in the log. `sources` hold the refused records of one partition. */
  publish(refusals: readonly Refusal[], sources: readonly RecordBatches[]): Promise<void> {
    const turn = this.#turn.then(() => this.#publish(refusals, sources))
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #publish(refusals: readonly Refusal[], sources: readonly RecordBatches[]): Promise<void> {
    this.#topic ??= await this.#producer.topic(this.#topicName)
    const wanted = new Map(refusals.map((refusal) => [refusal.offset, refusal]))
    const cursor = new RecordCursor()
    for (const source of sources) {
      cursor.open(source)
      while (wanted.size > 0 && cursor.next()) {
        const refusal = wanted.get(cursor.offset)
        if (refusal === undefined) continue
        wanted.delete(cursor.offset)
        if (!this.#producer.hasRoom()) await this.#producer.room()
        this.#append(this.#topic, cursor, refusal)
      }
    }
    await this.#producer.flush()
  }

  #append(topic: ProducerTopic, cursor: RecordCursor, refusal: Refusal): void {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd, timestamp } = cursor
    const key = Buffer.from(`${refusal.topic}-${refusal.partition}-${refusal.offset}`)
    const partition = partitionForKey(key, 0, key.length, topic.partitions)
    const value = valueStart < 0 ? null : buffer.subarray(valueStart, valueEnd)
    const origin: Headers = [
      textHeader('error.reason', refusal.reason.slice(0, 1000)),
      textHeader('error.sink', this.#sink),
      textHeader('origin.topic', refusal.topic),
      textHeader('origin.partition', String(refusal.partition)),
      textHeader('origin.offset', String(refusal.offset))
    ]
    const originKey = {
      key: 'origin.key',
      value: keyStart < 0 ? null : Buffer.from(buffer.subarray(keyStart, keyEnd))
    }
    const headers = [...cursor.headers(), ...origin, originKey]
    try {
      topic.append(partition, key, 0, key.length, raw, value, timestamp, headers)
    } catch (error) {
      if (!hasCode(error, 'RECORD_TOO_LARGE')) throw error
      // it was as large as a record can be; the headers that say where it is are what must not be lost
      const cut = [...origin, textHeader('error.value', 'too large for a dead letter')]
      topic.append(partition, key, 0, key.length, raw, noBytes, timestamp, cut)
    }
  }
}
