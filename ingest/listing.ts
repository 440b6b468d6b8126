import type { FileMetadata } from '../processors/retail/model.ts'
import type { KnownFile } from './file-history.ts'
import { type CountryBucket, objectKind } from './file-location.ts'
import type { ObjectStore, ObjectSummary } from './object-store.ts'

/** A file in a bucket that is for the ingest to read. */
export interface ListedFile {
  /** `bucket/object`. */
  readonly file: string
  readonly bucket: string
  readonly country: string
  /** Undefined: the key names none, and the file will be rejected. */
  readonly storeId: string | undefined
  readonly object: ObjectSummary
}

/** All CSV files but reference data, oldest first: the raw topic's timestamps then rise within each partition. */
export async function listFiles(
  store: ObjectStore,
  buckets: readonly CountryBucket[]
): Promise<ListedFile[]> {
  const files: ListedFile[] = []
  for (const { bucket, country } of buckets)
    for await (const object of store.list(bucket)) {
      const kind = objectKind(object.key)
      if (kind.kind !== 'sales' && kind.kind !== 'misplaced') continue
      const storeId = kind.kind === 'sales' ? kind.storeId : undefined
      files.push({ file: `${bucket}/${object.key}`, bucket, country, storeId, object })
    }
  return files.sort((a, b) => a.object.lastModifiedMs - b.object.lastModifiedMs || (a.file < b.file ? -1 : 1))
}

/** True when an earlier run has finished with this very version of the file. */
export function isFinished(known: KnownFile | undefined, etag: string): boolean {
  return known !== undefined && known.metadata.state !== 'announced' && known.metadata.etag === etag
}

/** What is known of a file before it is read. */
export function announcement(
  { bucket, country, storeId }: Pick<ListedFile, 'bucket' | 'country' | 'storeId'>,
  object: ObjectSummary,
  userMetadata: Readonly<Record<string, string>>
): FileMetadata {
  const isChain = userMetadata['store-category'] === 'chain'
  return {
    bucket,
    object: object.key,
    country,
    storeId: storeId ?? '',
    storeCategory: isChain ? 'chain' : 'individual',
    chain: isChain ? (userMetadata['chain'] ?? null) : null,
    sizeBytes: object.sizeBytes,
    etag: object.etag,
    state: 'announced',
    rows: null,
    reason: null
  }
}
