import type { Admin, Topic } from '../index.ts'
import type { FileMetadata, Product, Store } from '../processors/retail/model.ts'

/** Where the ingest writes to. */
export interface IngestTopics {
  /** Keyed by `bucket/object`. */
  readonly files: Topic<string, FileMetadata>
  /** Chunks of whole rows, keyed by `country/storeId`; their headers are in `raw-chunk.ts`. */
  readonly rawCsv: Topic<string, string>
  /** Keyed by `country/storeId`. */
  readonly stores: Topic<string, Store>
  /** Keyed by `country/sku`. */
  readonly products: Topic<string, Product>
}

/** Makes those that are missing: the ingest may be started before the application that reads them. */
export async function createIngestTopics(admin: Admin, topics: IngestTopics): Promise<void> {
  const all = [topics.files, topics.rawCsv, topics.stores, topics.products]
  await admin.createTopics(
    all.map(({ name, partitions, cleanupPolicy, retentionMs }) => ({
      name,
      partitions,
      configs: { 'cleanup.policy': cleanupPolicy, 'retention.ms': String(retentionMs) }
    }))
  )
}
