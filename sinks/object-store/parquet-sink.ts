import { StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import type { Rejection, Sink, SinkBatch, SinkRecord } from '../sink.ts'
import type { ObjectBucket } from './object-bucket.ts'
import { OffsetRange, offsetText } from './offset-range.ts'
import { type ParquetColumns, type ParquetRow, parquetFile, sha256 } from './parquet-file.ts'

export interface ParquetSinkOptions<K, V> {
  readonly name: string
  readonly bucket: ObjectBucket
  /** Begins every key, without a slash at its end. */
  readonly prefix: string
  /** In their order in the file. */
  readonly columns: ParquetColumns
  /** The row of a record, null if it has none. What it throws is the reason of a rejection. */
  row(value: V, key: K | null, record: SinkRecord<K, V>): ParquetRow | null
  /** The folder of a row, without slashes at its ends, e.g. `country=US/split=train`. */
  folder(row: ParquetRow): string
  /** What else decides which rows there are and where they go, such as the day of a split: it becomes a part of the schema. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Offsets of a range, whose rows are in memory until its end has come. Default 8,192. */
  readonly rangeOffsets?: number
}

/** What a range became: written after its objects, so an object that no manifest names does not count. */
export interface RangeManifest {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly from: number
  /** Exclusive. */
  readonly to: number
  /** SHA-256 of the schema's text, see `<prefix>/<schema>/schema.json`. */
  readonly schema: string
  /** Records in the range. */
  readonly records: number
  readonly objects: readonly {
    readonly key: string
    readonly rows: number
    readonly bytes: number
    readonly sha256: string
  }[]
}

/*
 *     <prefix>/<schema>/schema.json                                       columns and settings
 *     <prefix>/<schema>/<folder>/<topic>-<topic id>-<partition>-<from>.parquet
 *     <prefix>/<schema>/_manifests/<topic>/<topic id>/<partition>/<from>.json
 *
 * <schema> is the start of the schema's hash: another schema is another set, and starts over.
 */

const schemaLength = 12

/**
 * Writes records as Parquet objects. Deterministic: a range of offsets makes objects of the same names and bytes however often it is read, whatever
 * the batches were, so a repetition changes nothing and two writers do no harm. Ranges are cut by offsets alone: the records of the last one,
 * which has not come to its end, are not written yet. After a restart reading goes on at the beginning of that range. A range with refused records
 * is written with the batch after the one that ended it: by then they are among the dead letters.
 */
export function parquetSink<K, V>(options: ParquetSinkOptions<K, V>): Sink<K, V> {
  return new ParquetSink(options)
}

class ParquetSink<K, V> implements Sink<K, V> {
  readonly name: string
  readonly #options: ParquetSinkOptions<K, V>
  readonly #rangeOffsets: number
  readonly #schemaText: string
  readonly #schema: string
  readonly #root: string
  /** By partition, in their order. The last one takes records; those before it are whole, and wait for the next write. */
  readonly #ranges = new Map<string, OffsetRange[]>()

  constructor(options: ParquetSinkOptions<K, V>) {
    const { name, columns, settings = {}, rangeOffsets = 8192, prefix } = options
    this.name = name
    this.#options = options
    this.#rangeOffsets = rangeOffsets
    this.#schemaText = `${JSON.stringify({ columns, settings, rangeOffsets }, null, 2)}\n`
    this.#schema = sha256(this.#schemaText)
    this.#root = `${prefix}/${this.#schema.slice(0, schemaLength)}`
  }

  async open(topic: string, topicId: string, partition: number): Promise<number> {
    return this.#guarded(async () => {
      await this.#options.bucket.put(`${this.#root}/schema.json`, Buffer.from(this.#schemaText))
      let from = 0
      for await (const key of this.#options.bucket.keys(this.#manifests(topic, topicId, partition)))
        from = Number(/(\d+)\.json$/.exec(key)?.[1] ?? 0) + this.#rangeOffsets
      this.#ranges.set(partitionName(topic, partition), [this.#rangeFrom(from, from)])
      return from
    })
  }

  async write(batch: SinkBatch<K, V>): Promise<readonly Rejection<K, V>[]> {
    const name = partitionName(batch.topic, batch.partition)
    const ranges = this.#ranges.get(name)
    if (ranges === undefined)
      throw new StreamsError('SINK_FENCED', `sink ${this.name} has not opened ${name}`)
    // the write before this one returned, and what it refused is among the dead letters
    while (ranges.length > 1) await this.#writeFirst(batch, ranges)
    const rejections: Rejection<K, V>[] = []
    let range = ranges[0] as OffsetRange
    for (const record of batch.records) {
      // a batch that failed half-way comes again
      if (record.offset < range.next) continue
      while (record.offset >= range.to) range = await this.#begin(batch, ranges, rejections)
      this.#take(record, range, rejections)
    }
    range.next = Math.max(range.next, batch.next)
    while (range.next >= range.to) range = await this.#begin(batch, ranges, rejections)
    return rejections
  }

  async close(): Promise<void> {}

  /**
   * Begins the range after one that is whole, and writes that, unless this write has refused something: reading begins after what was
   * written, so the dead letters must be first.
   */
  async #begin(
    batch: SinkBatch<K, V>,
    ranges: OffsetRange[],
    rejections: readonly Rejection<K, V>[]
  ): Promise<OffsetRange> {
    const { to, next } = ranges.at(-1) as OffsetRange
    const begun = this.#rangeFrom(to, next)
    if (rejections.length === 0) await this.#writeFirst(batch, ranges)
    ranges.push(begun)
    return begun
  }

  async #writeFirst(batch: SinkBatch<K, V>, ranges: OffsetRange[]): Promise<void> {
    await this.#guarded(() => this.#writeRange(batch, ranges[0] as OffsetRange))
    ranges.shift()
  }

  #rangeFrom(from: number, next: number): OffsetRange {
    return new OffsetRange(from, from + this.#rangeOffsets, next)
  }

  #take(record: SinkRecord<K, V>, range: OffsetRange, rejections: Rejection<K, V>[]): void {
    const { row: rowOf, folder } = this.#options
    range.next = record.offset + 1
    range.records++
    if (record.value === null) return
    try {
      const row = rowOf(record.value, record.key, record)
      if (row !== null) range.add(folder(row), row)
    } catch (error) {
      rejections.push({ record, reason: error instanceof Error ? error.message : String(error) })
    }
  }

  async #writeRange({ topic, topicId, partition }: SinkBatch<K, V>, range: OffsetRange): Promise<void> {
    const { bucket, columns } = this.#options
    const objects: RangeManifest['objects'][number][] = []
    for (const [folder, rows] of [...range.folders].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const file = `${topic}-${topicId}-${partition}-${offsetText(range.from)}.parquet`
      const content = parquetFile(columns, rows)
      const key = `${this.#root}/${folder}/${file}`
      await bucket.put(key, content)
      objects.push({ key, rows: rows.length, bytes: content.length, sha256: sha256(content) })
    }
    const { from, to, records } = range
    const manifest: RangeManifest = {
      topic,
      topicId,
      partition,
      from,
      to,
      schema: this.#schema,
      records,
      objects
    }
    const key = `${this.#manifests(topic, topicId, partition)}${offsetText(from)}.json`
    await bucket.put(key, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`))
  }

  #manifests(topic: string, topicId: string, partition: number): string {
    return `${this.#root}/_manifests/${topic}/${topicId}/${partition}/`
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StreamsError) || error.action !== 'retry') throw error
      throw new StreamsError('SINK_UNAVAILABLE', `sink ${this.name}: ${error.message}`, error)
    }
  }
}
