import type { Readable } from 'node:stream'
import { chooseDialect } from '../../processors/retail/dialects/choose-dialect.ts'
import { type CountryBucket, objectKind } from '../buckets.ts'
import { openRows, type RowSource, resumeRows } from '../csv/row-source.ts'
import type { RowChunk } from '../csv/row-splitter.ts'
import type { StoredObject } from '../stored-object.ts'
import type { Part, Version } from './file-progress.ts'
import type { VersionSource } from './version-source.ts'

export interface VersionRowsParts {
  readonly bucket: CountryBucket
  readonly object: string
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

/** The rows of an object's versions. Throws OBJECT_STORE_UNAVAILABLE and FILE_UNREADABLE; an abort ends what is being read. */
export class VersionRows {
  readonly #parts: VersionRowsParts

  constructor(parts: VersionRowsParts) {
    this.#parts = parts
  }

  /** A version's bytes. Undefined: they are not to be had. */
  async open(version: Version, from: number): Promise<StoredObject | undefined> {
    const { source, bucket, object, signal } = this.#parts
    const stored = await source.open(bucket.bucket, object, version, from, signal)
    return typeof stored === 'string' ? undefined : stored
  }

  /** All rows; bytes read are added to `progress`. Sales must be in a dialect that is known. */
  async begin(stored: StoredObject, progress = { bytes: 0 }): Promise<RowSource> {
    const rows = await openRows(this.#body(stored), this.#options(progress))
    if (objectKind(this.#parts.object).kind !== 'sales') return rows
    try {
      chooseDialect(rows.form.csvHeader, rows.form.delimiter)
      return rows
    } catch (error) {
      await rows.chunks.return(undefined)
      throw error
    }
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
