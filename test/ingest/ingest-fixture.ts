import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { headerText } from '../../core/record.ts'
import { json } from '../../core/serdes/json.ts'
import { string } from '../../core/serdes/string.ts'
import { type Topic, topic } from '../../core/topic.ts'
import { Ingest, type RunOptions } from '../../ingest/ingest.ts'
import type { IngestResult } from '../../ingest/ingest-progress.ts'
import type { IngestTopics } from '../../ingest/ingest-topics.ts'
import { ObjectStore, type StoredObject } from '../../ingest/object-store.ts'
import { readTopic } from '../../ingest/read-topic.ts'
import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import { FileMetadata, Product, Store } from '../../processors/retail/model.ts'

export const header = 'date,store_id,sku,customer_id,promotion_id,units,sales,cost'

/** Rows of store 1, numbered by their SKU. */
export function salesCsv(rows: number): string {
  const lines = Array.from({ length: rows }, (_, i) => `1997-01-05,1,${i + 1},6280,0,2.0000,1.5000,0.5100\n`)
  return `${header}\n${lines.join('')}`
}

/** A record as a test looks at it. */
export interface SeenRecord<V> {
  readonly key: string | null
  readonly value: V | null
  readonly partition: number
  readonly timestamp: number
  readonly header: (name: string) => string | undefined
}

/** The real object store, which breaks off bodies when told to. */
class FlakyStore extends ObjectStore {
  /** Bodies still to be broken off, after this many bytes each. */
  failures = 0
  failAfter = 0

  override async get(bucket: string, key: string): Promise<StoredObject | undefined> {
    const stored = await super.get(bucket, key)
    if (stored === undefined || key.startsWith('reference/') || this.failures === 0) return stored
    this.failures--
    const { body } = stored
    const { failAfter } = this
    async function* broken() {
      let bytes = 0
      for await (const piece of body) {
        yield (piece as Buffer).subarray(0, Math.max(failAfter - bytes, 0))
        bytes += (piece as Buffer).length
        if (bytes >= failAfter) throw new Error('connection reset')
      }
    }
    return { ...stored, body: Readable.from(broken(), { objectMode: false }) }
  }
}

/** Two buckets of their own in the real object store, and Kafka in memory. */
export class IngestFixture {
  readonly objectStore: FlakyStore
  readonly kafka = new MemoryClient(new MemoryBroker())
  readonly us = `t-${randomUUID()}-us`
  readonly ca = `t-${randomUUID()}-ca`
  readonly topics: IngestTopics = {
    files: topic('files', { key: string(), value: json(FileMetadata) }),
    rawCsv: topic('raw-csv', { key: string(), value: string() }),
    stores: topic('stores', { key: string(), value: json(Store), cleanupPolicy: 'compact' }),
    products: topic('products', { key: string(), value: json(Product), cleanupPolicy: 'compact' })
  }

  private constructor(endpoint: string) {
    this.objectStore = new FlakyStore({
      endpoint,
      credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
    })
  }

  static async open(): Promise<IngestFixture> {
    const endpoint = process.env['S3_ENDPOINT']
    if (endpoint === undefined) throw new Error('S3_ENDPOINT names no object store')
    const fixture = new IngestFixture(endpoint)
    await fixture.objectStore.ensureBucket(fixture.us)
    await fixture.objectStore.ensureBucket(fixture.ca)
    return fixture
  }

  run(options?: RunOptions): Promise<IngestResult> {
    return new Ingest({
      objectStore: this.objectStore,
      buckets: [
        { bucket: this.us, country: 'US' },
        { bucket: this.ca, country: 'CA' }
      ],
      kafka: this.kafka,
      topics: this.topics
    }).run(options)
  }

  put(key: string, content: string | Buffer, metadata: Readonly<Record<string, string>> = {}): Promise<void> {
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
        header: (name) => headerText(headers, name)
      })
    })
    return records
  }

  /** The states of an object of the US bucket, in their order. */
  async states(key: string): Promise<(FileMetadata | null)[]> {
    const file = `${this.us}/${key}`
    return (await this.records(this.topics.files)).filter((one) => one.key === file).map(({ value }) => value)
  }

  /** The raw text of an object of the US bucket, as its chunks have it. */
  async rawText(key: string): Promise<string> {
    const file = `${this.us}/${key}`
    const chunks = (await this.records(this.topics.rawCsv)).filter((one) => one.header('file') === file)
    return chunks.map(({ value }) => value).join('')
  }
}
