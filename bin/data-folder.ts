import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ObjectStore } from '../ingest/object-store.ts'

interface DataFile {
  readonly bucket: string
  readonly key: string
  readonly path: string
  readonly sizeBytes: number
}

const uploadsAtOnce = 8

/** The CSV files of a folder that is laid out as `BUCKET/STORE/FILE.csv` (or `.csv.gz`), reference files among them. Throws an Error if there are none. */
export async function dataFiles(folder: string): Promise<DataFile[]> {
  const files: DataFile[] = []
  for (const bucket of await subfolders(folder))
    for (const name of (await readdir(join(folder, bucket), { recursive: true })).sort()) {
      if (!/\.csv(?:\.gz)?$/i.test(name)) continue
      const path = join(folder, bucket, name)
      const { size, isFile } = await stat(path).then((found) => ({
        size: found.size,
        isFile: found.isFile()
      }))
      if (isFile) files.push({ bucket, key: name.replaceAll('\\', '/'), path, sizeBytes: size })
    }
  if (files.length === 0)
    throw new Error(`${folder} has no files like BUCKET/STORE/FILE.csv, e.g. sku-gb/1/2011-05-03.csv`)
  return files
}

async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
}

/** Puts the files into their buckets. What is there already, with the same content, is left alone. Returns how many were uploaded. */
export async function uploadFiles(
  store: ObjectStore,
  files: readonly DataFile[],
  onProgress: (done: number) => void
): Promise<number> {
  const buckets = [...new Set(files.map(({ bucket }) => bucket))]
  const present = new Map<string, string>()
  for (const bucket of buckets) {
    await store.ensureBucket(bucket)
    for await (const { key, sizeBytes, etag } of store.list(bucket))
      present.set(`${bucket}/${key}`, `${sizeBytes} ${etag}`)
  }
  // references first: what is looked up should be there before it is looked for
  const queue = [...files].sort((a, b) => Number(isReference(b)) - Number(isReference(a))).values()
  let uploaded = 0
  let done = 0
  const work = async (): Promise<void> => {
    for (const file of queue) {
      const { bucket, key, path, sizeBytes } = file
      const known = present.get(`${bucket}/${key}`)
      if (known === undefined || known !== `${sizeBytes} ${await md5(path)}`) {
        await store.put(bucket, key, createReadStream(path), { contentType: 'text/csv', sizeBytes })
        uploaded++
      }
      onProgress(++done)
    }
  }
  await Promise.all(Array.from({ length: uploadsAtOnce }, work))
  return uploaded
}

function isReference({ key }: DataFile): boolean {
  return key.startsWith('reference/')
}

async function md5(path: string): Promise<string> {
  const hash = createHash('md5')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
