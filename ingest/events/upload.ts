import type { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { CountryBucket } from '../buckets.ts'
import type { ObjectStore } from '../object-store.ts'
import type { Announce } from './event-writer.ts'

export interface UploadOptions {
  readonly store: ObjectStore
  readonly buckets: readonly CountryBucket[]
  readonly announce: Announce
  /** A larger file is refused, bytes. Default 5 GiB, S3's most for one request. */
  readonly maxBytes?: number
}

interface UploadParts {
  readonly country: string
  readonly store: string
  readonly name: string
}

/** No slash, no leading dot: what is named stays in the store's folder. `reference` is no store. */
const storePattern = /^(?!reference$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}\.csv(?:\.gz)?$/i
const mostBytes = 5 * 1024 ** 3

/**
 * `PUT /files/{country}/{store}/{name}` streams a file into the country's bucket as `<store>/<name>` and announces it. The length must be known
 * (`content-length`). The headers `x-store-category` and `x-chain` become its metadata. 201 with file, etag and version when it is stored and
 * announced; 400, 404, 411, 413 say what is wrong with the request.
 */
export function addUpload(
  server: FastifyInstance,
  { store, buckets, announce, maxBytes = mostBytes }: UploadOptions
): void {
  // a scope of its own, in which bodies of any kind are streams
  server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', async (_request: unknown, body: Readable) => body)
    scope.put<{ Params: UploadParts }>(
      '/files/:country/:store/:name',
      { bodyLimit: maxBytes },
      async (request, reply) => {
        const { country, store: storeId, name } = request.params
        const refuse = (status: number, error: string) =>
          reply.code(status).header('connection', 'close').send({ error })
        const bucket = buckets.find((one) => one.country === country)?.bucket
        if (bucket === undefined) return refuse(404, `there is no bucket for the country ${country}`)
        if (!storePattern.test(storeId))
          return refuse(400, 'the store is not letters, digits, dots, underscores and hyphens')
        if (!namePattern.test(name))
          return refuse(
            400,
            'the name is not letters, digits, dots, underscores and hyphens before .csv or .csv.gz'
          )
        const length = request.headers['content-length']
        if (length === undefined) return refuse(411, 'the content-length is missing')
        const sizeBytes = Number(length)
        if (sizeBytes > maxBytes) return refuse(413, `the file is larger than ${maxBytes} bytes`)
        const object = `${storeId}/${name}`
        const body = sizeBytes === 0 ? Buffer.alloc(0) : (request.body as Readable)
        const abort = new AbortController()
        request.raw.once('close', () => {
          if (!request.raw.complete) abort.abort()
        })
        const { etag, versionId } = await store.put(bucket, object, body, {
          contentType: 'text/csv',
          metadata: metadataOf(request.headers),
          sizeBytes,
          signal: abort.signal
        })
        const timeMs = Date.now()
        await announce([
          { bucket, object, kind: 'created', etag, versionId, sizeBytes, sequencer: null, timeMs }
        ])
        return reply.code(201).send({ file: `${bucket}/${object}`, etag, versionId })
      }
    )
  })
}

function metadataOf(
  headers: Readonly<Record<string, string | string[] | undefined>>
): Record<string, string> {
  const metadata: Record<string, string> = {}
  for (const key of ['store-category', 'chain']) {
    const value = headers[`x-${key}`]
    if (typeof value === 'string') metadata[key] = value
  }
  return metadata
}
