import { hasCode } from '../../index.ts'
import type { CountryBucket } from '../buckets.ts'
import type { RowChunk } from '../csv/row-splitter.ts'
import { type ReferenceFile, readReferenceRows } from '../references/reference-file.ts'
import { StandingRows } from '../references/standing-rows.ts'
import type { Version } from './file-progress.ts'
import type { VersionRows } from './version-rows.ts'

/** What versions of a reference file say. Throws OBJECT_STORE_UNAVAILABLE. */
export class ReferenceVersions {
  readonly #file: ReferenceFile
  readonly #bucket: CountryBucket
  readonly #rows: VersionRows
  /** Of the version that was looked through last. */
  #last: { readonly etag: string; readonly standing: StandingRows } | undefined

  constructor(file: ReferenceFile, bucket: CountryBucket, rows: VersionRows) {
    this.#file = file
    this.#bucket = bucket
    this.#rows = rows
  }

  /** What counts of a version, told by all of its rows. Undefined: it is not to be had. Throws FILE_UNREADABLE. */
  async standing(version: Version): Promise<StandingRows | undefined> {
    if (this.#last?.etag === version.etag) return this.#last.standing
    const stored = await this.#rows.open(version, 0)
    if (stored === undefined) return undefined
    try {
      const standing = this.nothing()
      const { form, chunks } = await this.#rows.begin(stored)
      for await (const { content, firstRow } of chunks) {
        const rows = { ...form, text: content.toString('utf8'), firstRow }
        readReferenceRows(this.#file, rows, this.#bucket, (key, value, timestamp) =>
          standing.add(key, value, timestamp)
        )
      }
      this.#last = { etag: version.etag, standing }
      return standing
    } finally {
      stored.body.destroy()
    }
  }

  /** What counts of a version without rows. */
  nothing(): StandingRows {
    return new StandingRows(this.#file)
  }

  /** All rows of a version that can be read. Undefined: it is not to be had. */
  async former(version: Version): Promise<AsyncGenerator<RowChunk> | undefined> {
    const stored = await this.#rows.open(version, 0)
    return stored && untilUnreadable((await this.#rows.begin(stored)).chunks)
  }
}

/** Of what follows a row that cannot be read nothing was added. */
async function* untilUnreadable(chunks: AsyncGenerator<RowChunk>): AsyncGenerator<RowChunk> {
  try {
    yield* chunks
  } catch (error) {
    if (!hasCode(error, 'FILE_UNREADABLE')) throw error
  }
}
