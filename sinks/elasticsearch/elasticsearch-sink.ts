import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, ClientOptions, estypes } from '@elastic/elasticsearch'
import { StreamsError } from '../../core/errors.ts'
import type { Rejection, Sink, SinkBatch, SinkRecord } from '../sink.ts'
import { type BulkAction, sendBulk } from './bulk.ts'
import { elasticsearch } from './client-library.ts'
import { documentVersion } from './document-versions.ts'
import { sinkError } from './failures.ts'
import { Indices } from './indices.ts'
import { TopicGenerations } from './topic-generations.ts'

export interface ElasticsearchSinkOptions<K, V> {
  readonly name: string
  /** A URL, or the client's settings. */
  readonly connection: string | ClientOptions
  /** The alias under which all documents are found. The index itself is `<index>-<version>`, and the sink makes it. */
  readonly index: string
  /**
   * Splits the documents by a part of their key, such as the country: those of `de` are in an index of their own,
   * `<index>-de-<version>`, and also found under the alias `<index>-de`. Lower case, and not many of them.
   */
  part?(key: K): string
  /**
   * Raise it for mappings that Elasticsearch does not change in place, together with the group of the sink task: the documents are
   * written to new indices, and found there after `swapAliases`. Default 1.
   */
  readonly indexVersion?: number
  readonly mappings: estypes.MappingTypeMapping
  /** Settings of an index when it is made. Default: no replicas, `gc_deletes` of an hour. */
  readonly settings?: estypes.IndicesIndexSettings
  /**
   * The document's `_id`, at most 512 bytes. It is the key in another form: records of one document come from one partition, or
   * their versions do not compare.
   */
  id(key: K, value: V | null): string
  /** The document; null: there is none (any more), as with a tombstone. Default: the value as it is. */
  document?(value: V, key: K, record: SinkRecord<K, V>): object | null
  /** Told how many writes of a batch the index had already, or had newer: replays. */
  onConflict?(count: number): void
  /** Most bytes of a bulk request. Default 5 MB. */
  readonly bulkBytes?: number
  /** How often what is to be sent again is, before the whole batch is given back. Default 3. */
  readonly retries?: number
  /** Remembers the lives of topics. Default `store-sku-topic-generations`. */
  readonly generationsIndex?: string
}

/** What a batch does to one document: its records in offset order, of which the last counts. */
interface Pending<K, V> {
  readonly index: string
  readonly id: string
  readonly records: SinkRecord<K, V>[]
}

/**
 * Carries records into an Elasticsearch index. Idempotent: the version of a document is its record's place in the log, and the
 * index takes no write that does not raise it.
 */
export function elasticsearchSink<K, V>(options: ElasticsearchSinkOptions<K, V>): Sink<K, V> {
  return new ElasticsearchSink(options)
}

class ElasticsearchSink<K, V> implements Sink<K, V> {
  readonly name: string
  readonly #options: ElasticsearchSinkOptions<K, V>
  readonly #client: Client
  readonly #generations: TopicGenerations
  readonly #indices: Indices

  constructor(options: ElasticsearchSinkOptions<K, V>) {
    const { connection } = options
    this.name = options.name
    this.#options = options
    const { Client } = elasticsearch()
    this.#client = new Client({
      requestTimeout: 30_000,
      ...(typeof connection === 'string' ? { node: connection } : connection),
      // what is sent again is decided here, action by action
      maxRetries: 0
    })
    this.#indices = new Indices(this.#client, options.index, options.indexVersion ?? 1, {
      // deletions are remembered for an hour: a replay within it cannot bring the document back
      settings: { number_of_replicas: 0, gc_deletes: '1h', ...options.settings },
      mappings: options.mappings
    })
    this.#generations = new TopicGenerations(
      this.#client,
      options.generationsIndex ?? 'store-sku-topic-generations'
    )
  }

  async open(topic: string, topicId: string): Promise<undefined> {
    await this.#guarded(async () => {
      if (this.#options.part === undefined) await this.#indices.prepare(this.#indices.nameOf(undefined))
      await this.#generations.of(topic, topicId)
    })
  }

  async write(batch: SinkBatch<K, V>): Promise<readonly Rejection<K, V>[]> {
    const rejections: Rejection<K, V>[] = []
    await this.#guarded(async () => {
      const generation = await this.#generations.of(batch.topic, batch.topicId)
      const documents = this.#byDocument(batch, rejections)
      for (const index of new Set(documents.map((one) => one.index))) await this.#indices.prepare(index)
      await this.#writeAll(documents, generation, rejections)
    })
    return rejections.sort((a, b) => a.record.offset - b.record.offset)
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  /** Only the last record of a document is sent. The others are kept in case that one is refused. */
  #byDocument(batch: SinkBatch<K, V>, rejections: Rejection<K, V>[]): Pending<K, V>[] {
    const documents = new Map<string, Pending<K, V>>()
    for (const record of batch.records) {
      try {
        if (record.key === null) throw new TypeError('a record without a key has no document')
        const id = this.#options.id(record.key, record.value)
        // Elasticsearch refuses the whole request for one such id
        if (id === '' || Buffer.byteLength(id) > 512)
          throw new TypeError(`an _id has 1 to 512 bytes, not ${Buffer.byteLength(id)}`)
        const index = this.#indices.nameOf(this.#options.part?.(record.key))
        const name = `${index}/${id}`
        const pending = documents.get(name)
        if (pending === undefined) documents.set(name, { index, id, records: [record] })
        else pending.records.push(record)
      } catch (error) {
        rejections.push({ record, reason: messageOf(error) })
      }
    }
    return [...documents.values()]
  }

  async #writeAll(
    documents: readonly Pending<K, V>[],
    generation: number,
    rejections: Rejection<K, V>[]
  ): Promise<void> {
    const { bulkBytes = 5_000_000, retries = 3, onConflict } = this.#options
    let due = documents
    let conflicts = 0
    for (let attempt = 0; due.length > 0; ) {
      const sent: Pending<K, V>[] = []
      const actions: BulkAction[] = []
      for (const pending of due) {
        const action = this.#nextAction(pending, generation, rejections)
        if (action === undefined) continue
        sent.push(pending)
        actions.push(action)
      }
      const outcomes = await sendBulk(this.#client, actions, bulkBytes)
      const again: Pending<K, V>[] = []
      let later: string | undefined
      for (const [at, pending] of sent.entries()) {
        const { kind, reason } = outcomes[at] as (typeof outcomes)[number]
        if (kind === 'conflict') conflicts++
        if (kind === 'later') {
          later = reason
          again.push(pending)
        }
        if (kind !== 'refused') continue
        rejections.push({ record: pending.records.pop() as SinkRecord<K, V>, reason })
        // what the document was before the refused record is still due
        again.push(pending)
      }
      if (later !== undefined) {
        if (attempt++ >= retries) throw new StreamsError('SINK_UNAVAILABLE', `sink ${this.name}: ${later}`)
        await sleep(2 ** attempt * 100 * (0.5 + Math.random()))
      }
      due = again
    }
    if (conflicts > 0) onConflict?.(conflicts)
  }

  /** The write of the document's last record that has a form at all; undefined if none is left. */
  #nextAction(
    pending: Pending<K, V>,
    generation: number,
    rejections: Rejection<K, V>[]
  ): BulkAction | undefined {
    for (;;) {
      const record = pending.records.at(-1)
      if (record === undefined) return undefined
      try {
        const lines = this.#lines(pending, record, generation)
        return { lines, bytes: Buffer.byteLength(lines) }
      } catch (error) {
        rejections.push({ record, reason: messageOf(error) })
        pending.records.pop()
      }
    }
  }

  #lines({ index, id }: Pending<K, V>, record: SinkRecord<K, V>, generation: number): string {
    const version = documentVersion(generation, record.offset)
    const target = `{"_index":"${index}","_id":${JSON.stringify(id)},"version":${version},"version_type":"external"}}`
    const document = record.value === null ? null : this.#document(record.value, record)
    return document === null ? `{"delete":${target}` : `{"index":${target}\n${JSON.stringify(document)}`
  }

  #document(value: V, record: SinkRecord<K, V>): unknown {
    const { document } = this.#options
    return document === undefined ? value : document(value, record.key as K, record)
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#indices.forget()
      throw sinkError(this.name, error)
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
