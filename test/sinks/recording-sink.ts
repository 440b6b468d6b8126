import { StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import type { Rejection, Sink, SinkBatch } from '../../sinks/sink.ts'

/** Remembers what it was given, and fails as it is told. */
export class RecordingSink<K, V> implements Sink<K, V> {
  readonly name = 'recording'
  readonly opened: string[] = []
  readonly batches: SinkBatch<K, V>[] = []
  /** Partitions that cannot be reached. */
  readonly away = new Set<string>()
  /** Partitions whose next write is fenced. */
  readonly fenced = new Set<string>()
  /** Positions the sink keeps itself, by partition. */
  readonly kept = new Map<string, number>()
  /** Whether each write moves the position that the sink keeps, as a database does. */
  keepsPositions = false
  refuse: (value: V | null) => string | undefined = () => undefined
  /** Awaited by each write. */
  gate: Promise<void> = Promise.resolve()
  attempts = 0
  closed = false

  async open(topic: string, _topicId: string, partition: number): Promise<number | undefined> {
    const name = partitionName(topic, partition)
    this.opened.push(name)
    return this.kept.get(name)
  }

  async write(batch: SinkBatch<K, V>): Promise<readonly Rejection<K, V>[]> {
    const name = partitionName(batch.topic, batch.partition)
    this.attempts++
    await this.gate
    if (this.away.has(name)) throw new StreamsError('SINK_UNAVAILABLE', `${name} is away`)
    if (this.fenced.delete(name)) throw new StreamsError('SINK_FENCED', `${name} has another owner`)
    this.batches.push(batch)
    if (this.keepsPositions) this.kept.set(name, batch.next)
    const rejections: Rejection<K, V>[] = []
    for (const record of batch.records) {
      const reason = this.refuse(record.value)
      if (reason !== undefined) rejections.push({ record, reason })
    }
    return rejections
  }

  async close(): Promise<void> {
    this.closed = true
  }

  /** Keys and values of one partition, in the order written. */
  written(partition: number): unknown[] {
    return this.batches
      .filter((batch) => batch.partition === partition)
      .flatMap((batch) => batch.records.map(({ key, value }) => [key, value]))
  }
}
