import type { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client
} from '@aws-sdk/client-s3'
import { guard, statusOf } from './store-failure.ts'
import {
  describeObject,
  type ObjectHead,
  type ObjectSummary,
  type ObjectVersion,
  type StoredObject,
  unquoted,
  versionOf
} from './stored-object.ts'

export interface ObjectStoreOptions {
  /** Of an S3-compatible server; omitted: AWS. */
  readonly endpoint?: string
  /** Default `us-east-1`. */
  readonly region?: string
  /** Omitted: wherever the AWS SDK finds them (environment, instance role, ...). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** How often the SDK sends a request at most, all within seconds. Default 3. */
  readonly maxAttempts?: number
  /** A connection on which nothing moves for this long is given up, ms. Default 30,000. */
  readonly timeoutMs?: number
}

const nothing = () => undefined
const silent = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing }

export interface PutOptions {
  readonly contentType?: string
  readonly metadata?: Readonly<Record<string, string>>
  /** Of a body that is a stream. */
  readonly sizeBytes?: number
  readonly signal?: AbortSignal
}

export interface Listing {
  /** Only keys that begin with it. */
  readonly prefix?: string
  readonly signal?: AbortSignal
}

/** The little that is needed of S3. Every failure is OBJECT_STORE_UNAVAILABLE; what does not exist is undefined. */
export class ObjectStore {
  readonly #client: S3Client

  constructor(options: ObjectStoreOptions = {}) {
    const { timeoutMs = 30_000 } = options
    this.#client = new S3Client({
      region: options.region ?? 'us-east-1',
      maxAttempts: options.maxAttempts ?? 3,
      // it would write to the console; failures are thrown all the same
      logger: silent,
      requestHandler: { connectionTimeout: timeoutMs, socketTimeout: timeoutMs },
      // S3-compatible servers: buckets in the path, and no checksums that only AWS understands
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint, forcePathStyle: true }),
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...(options.credentials === undefined ? {} : { credentials: options.credentials })
    })
  }

  /** All objects whose keys begin with the prefix, in the order of their keys. */
  async *list(bucket: string, options: Listing = {}): AsyncGenerator<ObjectSummary> {
    for await (const page of this.listPages(bucket, options)) yield* page
  }

  /** The same, as the store gives them: up to 1,000 at once. */
  async *listPages(bucket: string, { prefix = '', signal }: Listing = {}): AsyncGenerator<ObjectSummary[]> {
    let token: string | undefined
    do {
      const page = await guard(`listing ${bucket}`, () =>
        this.#client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            ...(token === undefined ? {} : { ContinuationToken: token })
          }),
          abortable(signal)
        )
      )
      yield (page.Contents ?? []).map(({ Key, Size, ETag, LastModified }) => ({
        key: Key ?? '',
        sizeBytes: Size ?? 0,
        etag: unquoted(ETag),
        lastModifiedMs: LastModified?.getTime() ?? 0
      }))
      token = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  head(bucket: string, key: string, signal?: AbortSignal): Promise<ObjectHead | undefined> {
    return guard(`looking at ${bucket}/${key}`, async () => {
      try {
        const command = new HeadObjectCommand({ Bucket: bucket, Key: key })
        return describeObject(key, await this.#client.send(command, abortable(signal)))
      } catch (error) {
        if (statusOf(error) === 404) return undefined
        throw error
      }
    })
  }

  get(bucket: string, key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    return guard(`reading ${bucket}/${key}`, async () => {
      try {
        const command = new GetObjectCommand({ Bucket: bucket, Key: key })
        const answer = await this.#client.send(command, abortable(signal))
        return { ...describeObject(key, answer), body: answer.Body as Readable }
      } catch (error) {
        if (statusOf(error) === 404) return undefined
        throw error
      }
    })
  }

  /** The content with that etag, or why it is not to be had: nothing is there, or something else. */
  getVersion(
    bucket: string,
    key: string,
    { etag, versionId, from = 0 }: ObjectVersion,
    signal?: AbortSignal
  ): Promise<StoredObject | 'missing' | 'changed'> {
    return guard(`reading ${bucket}/${key}`, async () => {
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        IfMatch: `"${etag}"`,
        ...(versionId === undefined ? {} : { VersionId: versionId }),
        ...(from === 0 ? {} : { Range: `bytes=${from}-` })
      })
      let answer: GetObjectCommandOutput
      try {
        answer = await this.#client.send(command, abortable(signal))
      } catch (error) {
        const status = statusOf(error)
        if (status === 412) return 'changed'
        // 405: the version is a delete marker; 400: no such version id, says more than one server
        if (status === 404 || (versionId !== undefined && (status === 405 || status === 400)))
          return 'missing'
        // the range begins beyond the end: a shorter object has taken its place
        if (status === 416) return 'changed'
        throw error
      }
      const stored = { ...describeObject(key, answer), body: answer.Body as Readable }
      const begin = from === 0 ? 0 : Number(/^bytes (\d+)-/.exec(answer.ContentRange ?? '')?.[1] ?? 0)
      if (stored.etag === etag && begin === from) return stored
      // not every server knows If-Match
      stored.body.destroy()
      if (stored.etag !== etag) return 'changed'
      throw new Error(`the store does not answer a request for the bytes from ${from} on`)
    })
  }

  /** Returns the etag of what was stored, and its version. */
  async put(
    bucket: string,
    key: string,
    body: Buffer | string | Readable,
    options: PutOptions = {}
  ): Promise<{ readonly etag: string; readonly versionId: string | null }> {
    const content = typeof body === 'string' ? Buffer.from(body, 'utf8') : body
    const sizeBytes = Buffer.isBuffer(content) ? content.length : options.sizeBytes
    const answer = await guard(`writing ${bucket}/${key}`, () =>
      this.#client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: content,
          ...(sizeBytes === undefined ? {} : { ContentLength: sizeBytes }),
          ...(options.contentType === undefined ? {} : { ContentType: options.contentType }),
          ...(options.metadata === undefined ? {} : { Metadata: { ...options.metadata } })
        }),
        abortable(options.signal)
      )
    )
    return { etag: unquoted(answer.ETag), versionId: versionOf(answer.VersionId) }
  }

  /**
   * Copies within the store, up to 5 GB, only what has that etag. Returns the copy's etag, which differs where the source was uploaded in
   * parts; or why there is none.
   */
  copy(
    from: { readonly bucket: string; readonly key: string; readonly etag: string },
    to: { readonly bucket: string; readonly key: string },
    signal?: AbortSignal
  ): Promise<{ readonly etag: string } | 'missing' | 'changed'> {
    return guard(`copying ${from.bucket}/${from.key}`, async () => {
      const command = new CopyObjectCommand({
        CopySource: `${from.bucket}/${from.key.split('/').map(encodeURIComponent).join('/')}`,
        CopySourceIfMatch: `"${from.etag}"`,
        Bucket: to.bucket,
        Key: to.key
      })
      try {
        const answer = await this.#client.send(command, abortable(signal))
        return { etag: unquoted(answer.CopyObjectResult?.ETag) }
      } catch (error) {
        const status = statusOf(error)
        if (status === 412) return 'changed'
        if (status === 404) return 'missing'
        throw error
      }
    })
  }

  async delete(bucket: string, key: string): Promise<void> {
    await guard(`deleting ${bucket}/${key}`, () =>
      this.#client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
    )
  }

  /** Makes the bucket unless it is there and ours. */
  async ensureBucket(bucket: string): Promise<void> {
    await guard(`making the bucket ${bucket}`, async () => {
      try {
        await this.#client.send(new CreateBucketCommand({ Bucket: bucket }))
      } catch (error) {
        if (error instanceof Error && error.name === 'BucketAlreadyOwnedByYou') return
        // servers that know no owners
        if (error instanceof Error && error.name === 'BucketAlreadyExists' && this.#isCompatibleServer())
          return
        throw error
      }
    })
  }

  close(): void {
    this.#client.destroy()
  }

  #isCompatibleServer(): boolean {
    return this.#client.config.isCustomEndpoint === true
  }
}

function abortable(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal }
}
