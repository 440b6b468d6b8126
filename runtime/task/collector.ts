import { GrowableBytes } from '../../core/bytes.ts'
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
   */
  sink<K, V>(
    topic: ProducerTopic,
    keySerde: Serde<K>,
    valueSerde: Serde<V>,
    meter: NodeMeter = { records: 0 }
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
      const partition = partitionForKey(scratch.buffer, 0, end, partitions)
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
    const raw = bytes()
    const name = partitionName(topic.name, partition)
    const logHeaders = this.#logHeaders
    return (key, value, timestamp) => {
      const headers = logHeaders.size === 0 ? noHeaders : (logHeaders.get(name)?.(value) ?? noHeaders)
      topic.append(partition, key, 0, key.length, raw, value, timestamp, headers)
    }
  }

  /** From now on the records of that changelog partition get these headers. */
  logHeaders(topic: string, partition: number, headersOf: LogHeaders): void {
    this.#logHeaders.set(partitionName(topic, partition), headersOf)
  }
}
