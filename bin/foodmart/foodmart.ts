import { createHash } from 'node:crypto'
import type { ObjectStore } from '../../ingest/object-store.ts'
import { type FoodmartFile, foodmartBuckets, foodmartFiles } from './foodmart-files.ts'
import { FoodmartJar } from './foodmart-jar.ts'

const uploadsAtOnce = 8

/** Fetches what is not there yet, and makes the files of it: sales, a CSV file per store and month, and reference data. */
export async function foodmartData(report: (message: string) => void = () => {}): Promise<FoodmartFile[]> {
  return foodmartFiles(await FoodmartJar.open(report))
}

/**
 * Puts FoodMart's files into the buckets of its countries. Files that are there already are left alone, so that running it again uploads
 * nothing and gives nobody anything new to read.
 */
export async function uploadFoodmart(
  store: ObjectStore,
  files: readonly FoodmartFile[],
  onProgress: (files: number) => void
): Promise<void> {
  for (const { bucket } of foodmartBuckets) await store.ensureBucket(bucket)
  const present = await presentFiles(store)
  let finished = 0

  const upload = async ({ bucket, key, content }: FoodmartFile): Promise<void> => {
    if (present.get(`${bucket}/${key}`) !== identity(content.length, md5(content)))
      await store.put(bucket, key, content, {
        contentType: 'text/csv',
        metadata: { 'store-category': 'chain', chain: 'FoodMart' }
      })
    onProgress(++finished)
  }

  await inParallel(
    files.filter(({ reference }) => reference),
    upload
  )
  await inParallel(
    files.filter(({ reference }) => !reference),
    upload
  )
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
