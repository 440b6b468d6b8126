import { type ByteTarget, copyBytes, GrowableBytes } from '../../core/bytes.ts'
import { type Headers, noHeaders, partitionName } from '../../core/record.ts'
import type { Serde } from '../../core/serde.ts'
import { bytes } from '../../core/serdes/bytes.ts'
import { partitionForKey } from '../../kafka/batch/murmur2.ts'
import type { ProducerTopic } from '../../kafka/port/producer.ts'
import type { Forward } from '../../processors/operator.ts'
import type { ChangelogWriter } from '../../state/state-store.ts'
import type { NodeMeter } from '../metrics/task-meter.ts'

/** The headers of a changelog record, by its value. */
export type LogHeaders = (value: Buffer | null) => Headers

/** The ends of the operator chain: they encode records straight into the producer's open batches. */
export class Collector {
  readonly #key = new GrowableBytes()
  readonly #logHeaders = new Map<string, LogHeaders>()

  /**
   * Writes records to a topic, each to the partition of its key (murmur2, as Kafka's default); keyless ones in turn.
   *
   * @param meter counts them
   * @param windowBytes how many bytes at the end of a key do not choose its partition
   */
  sink<K, V>(
    topic: ProducerTopic,
    keySerde: Serde<K>,
    valueSerde: Serde<V>,
    meter: NodeMeter = { records: 0 },
    windowBytes = 0
  ): Forward<K, V> {
    const { partitions } = topic
    const scratch = this.#key
    let turn = 0
    return (value, key, timestamp, headers) => {
      meter.records++
      if (key === null || key === undefined) {
        turn = (turn + 1) % partitions
        topic.append(turn, null, 0, 0, valueSerde, value ?? null, timestamp, headers)
        return
      }
      const end = keySerde.encode(key, scratch, 0)
      const partition = partitionForKey(scratch.buffer, 0, end - windowBytes, partitions)
      topic.append(partition, scratch.buffer, 0, end, valueSerde, value ?? null, timestamp, headers)
    }
  }

  /** Writes bytes as they are, to the partition of their key. */
  deadLetters(topic: ProducerTopic): Forward<Buffer | null, Buffer | null> {
    const raw = bytes()
    return this.sink<Buffer | null, Buffer | null>(
      topic,
      raw as Serde<Buffer | null>,
      raw as Serde<Buffer | null>
    )
  }

  /** Writes a store's changes to its changelog, in the task's own partition. */
  changelog(topic: ProducerTopic, partition: number): ChangelogWriter {
    const rest = new BytesFrom()
    const name = partitionName(topic.name, partition)
    const headersOf = (value: Buffer | null, valueStart: number): Headers =>
      this.#logHeaders.get(name)?.(value === null ? null : value.subarray(valueStart)) ?? noHeaders
    return (key, keyStart, value, valueStart, timestamp) => {
      const headers = this.#logHeaders.size === 0 ? noHeaders : headersOf(value, valueStart)
      rest.start = valueStart
      topic.append(partition, key, keyStart, key.length, rest, value, timestamp, headers)
    }
  }

  /** From now on the records of that changelog partition get these headers. */
  logHeaders(topic: string, partition: number, headersOf: LogHeaders): void {
    this.#logHeaders.set(partitionName(topic, partition), headersOf)
  }
}

/** Writes what its buffers hold from `start` on. */
class BytesFrom implements Serde<Buffer> {
  readonly name = 'bytes'
  readonly decode = bytes().decode
  start = 0

  encode(value: Buffer, target: ByteTarget, at: number): number {
    target.reserve(at, value.length - this.start)
    return copyBytes(value, this.start, value.length, target.buffer, at)
  }
}
