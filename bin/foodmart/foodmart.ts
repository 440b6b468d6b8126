import { createHash } from 'node:crypto'
import type { ObjectStore } from '../../ingest/object-store.ts'
import { type FoodmartFile, foodmartBuckets, foodmartFiles } from './foodmart-files.ts'
import { FoodmartJar } from './foodmart-jar.ts'

interface FoodmartProgress {
  readonly files: number
  readonly filesTotal: number
  readonly bytes: number
  readonly bytesTotal: number
}

export interface FoodmartOptions {
  /** What takes long and has no figures, e.g. the download. */
  readonly report?: (message: string) => void
  readonly onProgress?: (progress: FoodmartProgress) => void
}

export interface FoodmartSummary {
  readonly files: number
  /** Of those, how many were not in the buckets yet. */
  readonly uploaded: number
  /** Data rows of the sales files. */
  readonly rows: number
}

const uploadsAtOnce = 8

/**
 * Puts FoodMart's sales, a CSV file per store and month, and its reference data into the buckets of its countries. Files that
 * are there already are left alone, so that running it again uploads nothing and gives nobody anything new to read.
 */
export async function uploadFoodmart(
  store: ObjectStore,
  { report = () => {}, onProgress = () => {} }: FoodmartOptions = {}
): Promise<FoodmartSummary> {
  const files = foodmartFiles(await FoodmartJar.open(report))
  for (const { bucket } of foodmartBuckets) await store.ensureBucket(bucket)
  const present = await presentFiles(store)
  const bytesTotal = files.reduce((sum, { content }) => sum + content.length, 0)
  let uploaded = 0
  let finished = 0
  let bytes = 0

  const upload = async (file: FoodmartFile): Promise<void> => {
    if (present.get(`${file.bucket}/${file.key}`) !== identity(file.content.length, md5(file.content))) {
      await store.put(file.bucket, file.key, file.content, {
        contentType: 'text/csv',
        metadata: { 'store-category': 'chain', chain: 'FoodMart' }
      })
      uploaded++
    }
    finished++
    bytes += file.content.length
    onProgress({ files: finished, filesTotal: files.length, bytes, bytesTotal })
  }

  const sales = files.filter(({ reference }) => !reference)
  await inParallel(
    files.filter(({ reference }) => reference),
    upload
  )
  await inParallel(sales, upload)
  return { files: files.length, uploaded, rows: sales.reduce((sum, { rows }) => sum + rows, 0) }
}

/** What tells one version of an object from another. */
async function presentFiles(store: ObjectStore): Promise<Map<string, string>> {
  const present = new Map<string, string>()
  for (const { bucket } of foodmartBuckets)
    for await (const { key, sizeBytes, etag } of store.list(bucket))
      present.set(`${bucket}/${key}`, identity(sizeBytes, etag))
  return present
}

function identity(sizeBytes: number, etag: string): string {
  return `${sizeBytes} ${etag}`
}

function md5(content: Buffer): string {
  return createHash('md5').update(content).digest('hex')
}

async function inParallel<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  const worker = async () => {
    for (const item of queue) await action(item)
  }
  await Promise.all(Array.from({ length: uploadsAtOnce }, worker))
}
