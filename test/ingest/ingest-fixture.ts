import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { readTopic } from '../../bin/read-topic.ts'
import { type Headers, headerText, type KafkaClient, type Topic, topic } from '../../index.ts'
import type { CountryBucket } from '../../ingest/buckets.ts'
import { EventWriter } from '../../ingest/events/event-writer.ts'
import { Ingest, type IngestOptions } from '../../ingest/ingest.ts'
import type { IngestTopics } from '../../ingest/ingest-topics.ts'
import { ObjectStore, type ObjectStoreOptions } from '../../ingest/object-store.ts'
import type { ObjectVersion, StoredObject } from '../../ingest/stored-object.ts'
import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import { countRows } from '../../processors/retail/csv/row-count.ts'
import type { FileEvent } from '../../processors/retail/file-event.ts'
import type { FileMetadata } from '../../processors/retail/model.ts'
import { type RawChunk, rawChunk } from '../../processors/retail/raw-chunk.ts'
import * as retailTopics from '../../topology/retail/topics.ts'
import { server } from '../sinks/servers.ts'

export const header = 'date,store_id,sku,customer_id,promotion_id,units,sales,cost'
export const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }

/** Rows of store 1, numbered by their SKU from `first` on. */
export function salesRows(rows: number, first = 1): string {
  return Array.from(
    { length: rows },
    (_, i) => `1997-01-05,1,${first + i},6280,0,2.0000,1.5000,0.5100\n`
  ).join('')
}

export function salesCsv(rows: number, first = 1): string {
  return `${header}\n${salesRows(rows, first)}`
}

/** A record as a test looks at it. */
export interface SeenRecord<V> {
  readonly key: string | null
  readonly value: V | null
  readonly partition: number
  readonly timestamp: number
  readonly headers: Headers
  readonly header: (name: string) => string | undefined
}

export interface SeenChunk extends RawChunk {
  readonly text: string
}

export interface FixtureOptions {
  /** Default: a broker in memory. */
  readonly kafka?: KafkaClient
  readonly store?: ObjectStoreOptions
}

/** An event that tells no more than it must. */
const unknown = { etag: null, versionId: null, sizeBytes: null, sequencer: null, timeMs: 0 } as const

/** The real object store, whose bodies a test may get between. */
class HookedStore extends ObjectStore {
  /** Sees the bodies of sales files that are opened, and gives what is read instead. */
  onBody: (body: Readable, from: number) => Readable = (body) => body

  override async getVersion(
    bucket: string,
    key: string,
    version: ObjectVersion,
    signal?: AbortSignal
  ): Promise<StoredObject | 'missing' | 'changed'> {
    const stored = await super.getVersion(bucket, key, version, signal)
    return typeof stored === 'string' ? stored : this.#hooked(stored, version.from)
  }

  override async get(bucket: string, key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    const stored = await super.get(bucket, key, signal)
    return stored === undefined ? undefined : this.#hooked(stored)
  }

  #hooked(stored: StoredObject, from = 0): StoredObject {
    return stored.key.includes('reference/') ? stored : { ...stored, body: this.onBody(stored.body, from) }
  }
}

/** The body's first bytes, and then what `then` does. */
export function cutAfter(body: Readable, bytes: number, then: () => Promise<void>): Readable {
  async function* pieces() {
    let read = 0
    let cut = false
    for await (const piece of body as AsyncIterable<Buffer>) {
      if (!cut && read + piece.length > bytes) {
        cut = true
        yield piece.subarray(0, bytes - read)
        await then()
        yield piece.subarray(bytes - read)
      } else yield piece
      read += piece.length
    }
  }
  return Readable.from(pieces(), { objectMode: false })
}

/** Topics of their own, so that tests can share a broker. */
function ownTopics(prefix: string): IngestTopics {
  const own = <V>(one: Topic<string, V>) => topic(`${prefix}-${one.name}`, one)
  return {
    fileEvents: own(retailTopics.fileEvents),
    eventDeadLetters: own(retailTopics.eventDeadLetters),
    files: own(retailTopics.files),
    rawCsv: own(retailTopics.rawCsv),
    stores: own(retailTopics.stores),
    products: own(retailTopics.products),
    promotions: own(retailTopics.promotions),
    expenses: own(retailTopics.expenses),
    inventory: own(retailTopics.inventory),
    rates: own(retailTopics.rates)
  }
}

/** What is named after a fixture's id. */
export function named(id: string) {
  const us = `t-${id}-us`
  const ca = `t-${id}-ca`
  const buckets: readonly CountryBucket[] = [
    {
      bucket: us,
      country: 'US',
      currency: 'USD',
      timeZone: 'America/Los_Angeles',
      timeZones: { 2: 'America/Boise' }
    },
    { bucket: ca, country: 'CA', currency: 'CAD', timeZone: 'America/Vancouver' }
  ]
  return {
    us,
    ca,
    archive: `t-${id}-archive`,
    topics: ownTopics(`t-${id}`),
    buckets,
    applicationId: `t-${id}`
  }
}

/** Two buckets of their own in a real object store, topics of their own, and one ingest after the other. */
export class IngestFixture {
  readonly id = randomUUID().slice(0, 8)
  readonly #named = named(this.id)
  readonly us = this.#named.us
  readonly ca = this.#named.ca
  readonly archive = this.#named.archive
  readonly topics = this.#named.topics
  readonly buckets = this.#named.buckets
  readonly kafka: KafkaClient
  readonly objectStore: HookedStore
  readonly stateDirectory: string
  #ingest: Ingest | undefined

  private constructor(options: FixtureOptions, stateDirectory: string) {
    this.kafka = options.kafka ?? new MemoryClient(new MemoryBroker())
    this.objectStore = new HookedStore({ endpoint: server('S3_ENDPOINT'), credentials, ...options.store })
    this.stateDirectory = stateDirectory
  }

  static async open(options: FixtureOptions = {}): Promise<IngestFixture> {
    const fixture = new IngestFixture(options, await mkdtemp(join(tmpdir(), 'store-sku-ingest-')))
    await fixture.objectStore.ensureBucket(fixture.us)
    await fixture.objectStore.ensureBucket(fixture.ca)
    return fixture
  }

  async close(): Promise<void> {
    await this.stop()
    this.objectStore.close()
    await rm(this.stateDirectory, { recursive: true, force: true })
  }

  /** Starts an ingest; the former one must be stopped. */
  async start(options: Partial<IngestOptions> = {}): Promise<Ingest> {
    this.#ingest = new Ingest({
      objectStore: this.objectStore,
      buckets: this.buckets,
      kafka: this.kafka,
      topics: this.topics,
      applicationId: this.#named.applicationId,
      stateDirectory: this.stateDirectory,
      commitIntervalMs: 100,
      sessionTimeoutMs: 6_000,
      ...options
    })
    await this.#ingest.start()
    return this.#ingest
  }

  async stop(): Promise<void> {
    await this.#ingest?.close({ leaveGroup: true })
    this.#ingest = undefined
  }

  /** Says that something happened to an object of the US bucket. */
  announce(object: string, more: Partial<FileEvent> = {}): Promise<void> {
    return this.announceAll([{ object, ...more }])
  }

  async announceAll(events: readonly (Pick<FileEvent, 'object'> & Partial<FileEvent>)[]): Promise<void> {
    await this.#started().announce(
      events.map((one) => ({ ...unknown, bucket: this.us, kind: 'created', ...one }))
    )
  }

  /** The same for several, while no ingest runs. */
  async announceWithout(objects: readonly string[]): Promise<void> {
    const writer = await EventWriter.open(this.kafka, 'test-events', this.topics)
    await writer.announce(objects.map((object) => ({ ...unknown, bucket: this.us, object, kind: 'created' })))
    await writer.close()
  }

  /** Scans, and waits until all is read. */
  async scanned(): Promise<{ objects: number; announced: number }> {
    const ingest = this.#started()
    await this.running()
    const result = await ingest.scan()
    await this.finished()
    return result
  }

  async running(): Promise<void> {
    await until(async () => (await this.#started().isFinished()) || this.#started().progress.filesTotal > 0)
  }

  async finished(): Promise<void> {
    const ingest = this.#started()
    await Promise.race([ingest.failed, until(() => ingest.isFinished())])
  }

  put(key: string, content: string | Buffer, metadata: Readonly<Record<string, string>> = {}) {
    return this.objectStore.put(this.us, key, content, { metadata })
  }

  async records<V>(of: Topic<string, V>): Promise<SeenRecord<V>[]> {
    const records: SeenRecord<V>[] = []
    await readTopic(this.kafka, 'test', of, (record) => {
      const headers = record.headers()
      records.push({
        key: record.key(),
        value: record.value(),
        partition: record.partition,
        timestamp: record.timestamp,
        headers,
        header: (name) => headerText(headers, name)
      })
    })
    return records
  }

  /** The states of an object of the US bucket, in their order. */
  async states(key: string): Promise<FileMetadata[]> {
    const file = `${this.us}/${key}`
    const records = await this.records(this.topics.files)
    return records.flatMap((one) => (one.key === file && one.value !== null ? [one.value] : []))
  }

  async last(key: string): Promise<FileMetadata | undefined> {
    return (await this.states(key)).at(-1)
  }

  async chunks(key: string, bucket = this.us): Promise<SeenChunk[]> {
    const records = await this.records(this.topics.rawCsv)
    return records
      .map(({ headers, value }) => ({ ...rawChunk(headers), text: value ?? '' }))
      .filter(({ file }) => file === `${bucket}/${key}`)
  }

  /** The raw text of an object's rows that were added, as its chunks have it; row numbers are checked. */
  async rawText(key: string, revision = 1): Promise<string> {
    const chunks = (await this.chunks(key)).filter((one) => one.revision === revision && one.sign === 1)
    let next = 1
    for (const { firstRow, text } of chunks) {
      if (firstRow !== next) throw new Error(`row ${next} should follow, not ${firstRow}`)
      next += countRows(text)
    }
    return chunks.map(({ text }) => text).join('')
  }

  /** How often each row of the file counts after all is added and taken back, by its text; what does not count is left out. */
  async balance(key: string): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    for (const { text, sign } of await this.chunks(key))
      for (const row of text.split('\n'))
        if (row !== '') {
          const count = (counts.get(row) ?? 0) + sign
          if (count === 0) counts.delete(row)
          else counts.set(row, count)
        }
    return counts
  }

  #started(): Ingest {
    if (this.#ingest === undefined) throw new Error('the ingest was not started')
    return this.#ingest
  }
}

/** The same counts as those of rows that are there once. */
export function once(rows: string): Map<string, number> {
  return new Map(rows.split('\n').flatMap((row) => (row === '' ? [] : [[row, 1] as const])))
}

export async function until(condition: () => boolean | Promise<boolean>, withinMs = 25_000): Promise<void> {
  const end = Date.now() + withinMs
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('what was waited for did not happen')
    await setTimeout(20)
  }
}
