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

/** Objects in memory, by `bucket/key`. */
export class MemoryObjectStore implements Reading {
  readonly objects = new Map<string, Buffer>()
  /** Answered with 403, however often they are asked for. */
  readonly refused = new Set<string>()
  /** Does not answer at all. */
  away = false
  /** Former contents are kept: a version's id is its etag. */
  keepsVersions = false
  /** All that were given out. */
  readonly bodies: Readable[] = []
  readonly #versions = new Map<string, Buffer>()

  put(file: string, content: string | Buffer): void {
    const bytes = Buffer.from(content as string)
    this.objects.set(file, bytes)
    if (this.keepsVersions) this.#versions.set(`${file}#${etagOf(bytes)}`, bytes)
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
    const etag = etagOf(content)
    const versionId = this.keepsVersions ? etag : null
    return { key, sizeBytes: content.length, etag, lastModifiedMs: 1, versionId, metadata: {} }
  }

  async get(bucket: string, key: string): Promise<StoredObject | undefined> {
    const head = await this.head(bucket, key)
    return head && { ...head, body: this.#body(this.objects.get(`${bucket}/${key}`), 0) }
  }

  async getVersion(
    bucket: string,
    key: string,
    { etag, versionId, from = 0 }: ObjectVersion
  ): Promise<StoredObject | 'missing' | 'changed'> {
    const head = await this.head(bucket, key)
    const kept = versionId === undefined ? undefined : this.#versions.get(`${bucket}/${key}#${versionId}`)
    if (kept !== undefined) {
      const version = { key, sizeBytes: kept.length, etag, lastModifiedMs: 1, versionId: etag, metadata: {} }
      return { ...version, body: this.#body(kept, from) }
    }
    if (head === undefined) return 'missing'
    if (head.etag !== etag) return 'changed'
    return { ...head, body: this.#body(this.objects.get(`${bucket}/${key}`), from) }
  }

  #body(content: Buffer | undefined, from: number): Readable {
    const body = Readable.from([(content as Buffer).subarray(from)], { objectMode: false })
    this.bodies.push(body)
    return body
  }
}

function etagOf(content: Buffer): string {
  return createHash('md5').update(content).digest('hex')
}
