import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { S3ServiceException } from '@aws-sdk/client-s3'
import type { ObjectStore } from '../../ingest/object-store.ts'
import { unavailable } from '../../ingest/store-failure.ts'
import type { ObjectHead, ObjectVersion, StoredObject } from '../../ingest/stored-object.ts'

const accessDenied = new S3ServiceException({
  name: 'AccessDenied',
  $fault: 'client',
  $metadata: { httpStatusCode: 403 }
})

type Reading = Pick<ObjectStore, 'ensureBucket' | 'head' | 'get' | 'getVersion' | 'listPages' | 'close'>

/** Objects in memory, by `bucket/key`, without versions. */
export class MemoryObjectStore implements Reading {
  readonly objects = new Map<string, Buffer>()
  /** Answered with 403, however often they are asked for. */
  readonly refused = new Set<string>()
  /** Does not answer at all. */
  away = false

  put(file: string, content: string | Buffer): void {
    this.objects.set(file, Buffer.from(content as string))
  }

  async ensureBucket(): Promise<void> {}

  close(): void {}

  async *listPages(): AsyncGenerator<never[]> {
    yield []
  }

  async head(bucket: string, key: string): Promise<ObjectHead | undefined> {
    const file = `${bucket}/${key}`
    if (this.away) throw unavailable(`reading ${file}`, new Error('connect ECONNREFUSED'))
    if (this.refused.has(file)) throw unavailable(`reading ${file}`, accessDenied)
    const content = this.objects.get(file)
    if (content === undefined) return undefined
    const etag = createHash('md5').update(content).digest('hex')
    return { key, sizeBytes: content.length, etag, lastModifiedMs: 1, versionId: null, metadata: {} }
  }

  async get(bucket: string, key: string): Promise<StoredObject | undefined> {
    const head = await this.head(bucket, key)
    return head && { ...head, body: this.#body(bucket, key, 0) }
  }

  async getVersion(
    bucket: string,
    key: string,
    { etag, from = 0 }: ObjectVersion
  ): Promise<StoredObject | 'missing' | 'changed'> {
    const head = await this.head(bucket, key)
    if (head === undefined) return 'missing'
    return head.etag === etag ? { ...head, body: this.#body(bucket, key, from) } : 'changed'
  }

  #body(bucket: string, key: string, from: number): Readable {
    const content = this.objects.get(`${bucket}/${key}`) as Buffer
    return Readable.from([content.subarray(from)], { objectMode: false })
  }
}
