import { hasCode, type Producer, type StreamsError, type Topic } from '../index.ts'
import type { FileMetadata } from '../processors/retail/model.ts'
import type { KnownFile } from './file-history.ts'
import { type CountryBucket, productsKey, storesKey } from './file-location.ts'
import type { IngestTopics } from './ingest-topics.ts'
import { announcement } from './listing.ts'
import type { ObjectStore } from './object-store.ts'
import { productsFile, type ReferenceFile, readReference, storesFile } from './reference-data.ts'
import { TopicWriter } from './topic-writer.ts'

export interface ReferenceParts {
  readonly objectStore: ObjectStore
  readonly buckets: readonly CountryBucket[]
  readonly producer: Producer
  readonly topics: Pick<IngestTopics, 'stores' | 'products'>
  readonly files: TopicWriter<string, FileMetadata>
  readonly history: ReadonlyMap<string, KnownFile>
}

/** Valid since ever, so that a join finds it for any sale. */
const sinceEver = 0

/**
 * Publishes every bucket's stores and products and awaits that they are in Kafka. A bad row is left out, a bad file too, and
 * the files topic tells of it; a good reference file is not mentioned there, unless it was bad before.
 */
export async function publishReferences(parts: ReferenceParts): Promise<void> {
  for (const bucket of parts.buckets) {
    await publish(parts, bucket, storesKey, storesFile, parts.topics.stores)
    await publish(parts, bucket, productsKey, productsFile, parts.topics.products)
  }
  await parts.producer.flush()
}

async function publish<T>(
  { objectStore, producer, files, history }: ReferenceParts,
  { bucket, country }: CountryBucket,
  key: string,
  file: ReferenceFile<T>,
  topic: Topic<string, T>
): Promise<void> {
  const stored = await objectStore.get(bucket, key)
  if (stored === undefined) return
  const name = `${bucket}/${key}`
  const writer = await TopicWriter.open(producer, topic)
  let outcome: { readonly rows: number | null; readonly problem: string | null }
  try {
    outcome = await readReference(file, stored.body, country, (recordKey, value) =>
      writer.write(recordKey, value, sinceEver)
    )
  } catch (error) {
    if (!hasCode(error, 'FILE_UNREADABLE')) throw error
    outcome = { rows: null, problem: (error as StreamsError).message }
  } finally {
    stored.body.destroy()
  }
  if (outcome.problem === null && !history.has(name)) return
  const metadata = announcement({ bucket, country, storeId: undefined }, stored, stored.metadata)
  const state = outcome.problem === null ? 'done' : 'rejected'
  files.write(
    name,
    { ...metadata, state, rows: outcome.rows, reason: outcome.problem },
    stored.lastModifiedMs
  )
}
