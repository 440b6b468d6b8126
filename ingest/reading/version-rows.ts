import type { Readable } from 'node:stream'
import { chooseDialect } from '../../processors/retail/dialects/choose-dialect.ts'
import { type CountryBucket, objectKind } from '../buckets.ts'
import { openRows, type RowSource, resumeRows } from '../csv/row-source.ts'
import type { RowChunk } from '../csv/row-splitter.ts'
import type { ObjectStore } from '../object-store.ts'
import type { ObjectHead, StoredObject } from '../stored-object.ts'
import type { Part, Version } from './file-progress.ts'
import type { VersionSource } from './version-source.ts'

export interface VersionRowsParts {
  readonly bucket: CountryBucket
  readonly object: string
  readonly store: ObjectStore
  readonly source: VersionSource
  readonly signal: AbortSignal
}

/** Where reading goes on: at a byte if the file is `seek`able, else from the start; after so many rows, up to the last one wanted. */
export interface RowsFrom {
  readonly at: number
  readonly seek: boolean
  readonly skipRows: number
  readonly lastRow?: number
}

/**
 * An object, and the rows of its versions. Throws OBJECT_STORE_UNAVAILABLE and FILE_UNREADABLE; an abort ends what is being read. Close it: bytes
 * that were found may not have been asked for.
 */
export class VersionRows {
  readonly #parts: VersionRowsParts
  #found: StoredObject | undefined

  constructor(parts: VersionRowsParts) {
    this.#parts = parts
  }

  /**
   * What the object is now; undefined: there is none. With its bytes, if `open` will most likely be asked for them next: a file is one request
   * then, not two.
   */
  async look(withBytes: boolean): Promise<ObjectHead | undefined> {
    const { store, bucket, object, signal } = this.#parts
    this.close()
    if (!withBytes) return store.head(bucket.bucket, object, signal)
    this.#found = await store.get(bucket.bucket, object, signal)
    // what befalls it before it is read is told to whoever reads it
    this.#found?.body.on('error', () => {})
    return this.#found
  }

  /** A version's bytes. Undefined: they are not to be had. */
  async open(version: Version, from: number): Promise<StoredObject | undefined> {
    const { source, bucket, object, signal } = this.#parts
    signal.throwIfAborted()
    const found = this.#found
    if (found?.etag === version.etag && from === 0) {
      this.#found = undefined
      return found
    }
    this.close()
    const stored = await source.open(bucket.bucket, object, version, from, signal)
    return typeof stored === 'string' ? undefined : stored
  }

  close(): void {
    this.#found?.body.destroy()
    this.#found = undefined
  }

  /** All rows; bytes read are added to `progress`. Sales must be in a dialect that is known. Until the rows are read the body is the caller's to destroy. */
  async begin(stored: StoredObject, progress = { bytes: 0 }): Promise<RowSource> {
    const rows = await openRows(this.#body(stored), this.#options(progress))
    const { csvHeader, delimiter } = rows.form
    if (objectKind(this.#parts.object).kind === 'sales') chooseDialect(csvHeader, delimiter)
    return rows
  }

  /** The rows that follow those that were read before. */
  async resume(
    stored: StoredObject,
    { form }: Part,
    { at, seek, skipRows, lastRow }: RowsFrom,
    progress = { bytes: 0 }
  ): Promise<AsyncGenerator<RowChunk>> {
    const options = {
      ...this.#options(progress),
      skipRows,
      ...(lastRow === undefined ? {} : { lastRow })
    }
    if (seek) return resumeRows(this.#body(stored), { form, at }, options)
    return (await openRows(this.#body(stored), options)).chunks
  }

  #options(progress: { bytes: number }) {
    return {
      encoding: this.#parts.bucket.encoding ?? 'auto',
      onBytes: (bytes: number) => {
        progress.bytes += bytes
      }
    } as const
  }

  /** An abort ends the body too, wherever it is waited for. */
  #body({ body }: StoredObject): Readable {
    const { signal } = this.#parts
    const abort = () => body.destroy()
    signal.addEventListener('abort', abort, { once: true })
    body.once('close', () => signal.removeEventListener('abort', abort))
    // whoever reads is told by the iteration; after that nobody cares
    body.on('error', () => {})
    return body
  }
}
