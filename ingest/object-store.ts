import type { Readable } from 'node:stream'
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException
} from '@aws-sdk/client-s3'
import { StreamsError } from '../index.ts'

export interface ObjectStoreOptions {
  /** Of an S3-compatible server; omitted: AWS. */
  readonly endpoint?: string
  /** Default `us-east-1`. */
  readonly region?: string
  /** Omitted: wherever the AWS SDK finds them (environment, instance role, ...). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** What a listing tells of an object. */
export interface ObjectSummary {
  readonly key: string
  readonly sizeBytes: number
  /** Without its quotes. The MD5 of the content, unless it was uploaded in parts. */
  readonly etag: string
  readonly lastModifiedMs: number
}

export interface ObjectHead extends ObjectSummary {
  /** The user's metadata, keys in lower case. */
  readonly metadata: Readonly<Record<string, string>>
}

export interface StoredObject extends ObjectHead {
  /** Read it to its end, or destroy it: it holds a connection. */
  readonly body: Readable
}

export interface PutOptions {
  readonly contentType?: string
  readonly metadata?: Readonly<Record<string, string>>
}

/** The little that is needed of S3. Every failure is OBJECT_STORE_UNAVAILABLE; what does not exist is undefined. */
export class ObjectStore {
  readonly #client: S3Client

  constructor(options: ObjectStoreOptions = {}) {
    this.#client = new S3Client({
      region: options.region ?? 'us-east-1',
      // S3-compatible servers: buckets in the path, and no checksums that only AWS understands
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint, forcePathStyle: true }),
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...(options.credentials === undefined ? {} : { credentials: options.credentials })
    })
  }

  /** All objects whose keys begin with the prefix, in the order of their keys. */
  async *list(bucket: string, prefix = ''): AsyncGenerator<ObjectSummary> {
    let token: string | undefined
    do {
      const page = await guard(`listing ${bucket}`, () =>
        this.#client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            ...(token === undefined ? {} : { ContinuationToken: token })
          })
        )
      )
      for (const { Key, Size, ETag, LastModified } of page.Contents ?? [])
        yield {
          key: Key ?? '',
          sizeBytes: Size ?? 0,
          etag: unquoted(ETag),
          lastModifiedMs: LastModified?.getTime() ?? 0
        }
      token = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  head(bucket: string, key: string): Promise<ObjectHead | undefined> {
    return orMissing(`looking at ${bucket}/${key}`, async () =>
      describe(key, await this.#client.send(new HeadObjectCommand({ Bucket: bucket, Key: key })))
    )
  }

  get(bucket: string, key: string): Promise<StoredObject | undefined> {
    const doing = `reading ${bucket}/${key}`
    return orMissing(doing, async () => {
      const answer = await this.#client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      return { ...describe(key, answer), body: answer.Body as Readable }
    })
  }

  async put(bucket: string, key: string, body: Buffer | string, options: PutOptions = {}): Promise<void> {
    const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body
    await guard(`writing ${bucket}/${key}`, () =>
      this.#client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: bytes,
          ContentLength: bytes.length,
          ...(options.contentType === undefined ? {} : { ContentType: options.contentType }),
          ...(options.metadata === undefined ? {} : { Metadata: { ...options.metadata } })
        })
      )
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

function describe(
  key: string,
  answer: {
    ContentLength?: number | undefined
    ETag?: string | undefined
    LastModified?: Date | undefined
    Metadata?: Record<string, string> | undefined
  }
): ObjectHead {
  return {
    key,
    sizeBytes: answer.ContentLength ?? 0,
    etag: unquoted(answer.ETag),
    lastModifiedMs: answer.LastModified?.getTime() ?? 0,
    metadata: answer.Metadata ?? {}
  }
}

function unquoted(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '')
}

async function guard<T>(doing: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw unavailable(doing, error)
  }
}

async function orMissing<T>(doing: string, action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined
    throw unavailable(doing, error)
  }
}

/** What is told of an object store that does not do what it is asked. */
export function unavailable(doing: string, error: unknown): StreamsError {
  const { name, message } = error as Error
  return new StreamsError('OBJECT_STORE_UNAVAILABLE', `${doing} failed: ${message || name}`, error)
}
