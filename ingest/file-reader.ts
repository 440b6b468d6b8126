import { setTimeout as sleep } from 'node:timers/promises'
import { hasCode, type Producer, StreamsError } from '../index.ts'
import { withoutRows } from '../processors/retail/csv/row-count.ts'
import { chooseDialect } from '../processors/retail/dialects/choose-dialect.ts'
import type { FileMetadata } from '../processors/retail/model.ts'
import { rawChunkHeaders } from '../processors/retail/raw-chunk.ts'
import { type KnownFile, rawFromHeaders } from './file-history.ts'
import type { ProgressCounter } from './ingest-progress.ts'
import { announcement, type ListedFile } from './listing.ts'
import type { ObjectStore, StoredObject } from './object-store.ts'
import { openRows } from './row-source.ts'
import type { RowChunk } from './row-splitter.ts'
import type { TopicWriter } from './topic-writer.ts'

export interface FileReaderParts {
  readonly objectStore: ObjectStore
  readonly producer: Producer
  readonly files: TopicWriter<string, FileMetadata>
  readonly rawCsv: TopicWriter<string, string>
  readonly history: ReadonlyMap<string, KnownFile>
  readonly progress: ProgressCounter
  /** An offset of the raw topic's partition that is not beyond what will be written next. */
  readonly rawEnd: (partition: number) => number
}

/** A file under way: its announcement, and how many of its rows are published. */
interface OpenFile {
  readonly listed: ListedFile
  metadata: FileMetadata
  rows: number
  /** Bytes read of it, as far as progress was told of them. */
  told: number
  timestamp: number
}

// A row and its headers must fit into one record of the broker's default size, 1 MiB.
const maxRowBytes = 1024 * 1024 - 16 * 1024
const readAttempts = 4
const firstPauseMs = 200

/** Reads groups of files: announces them all, publishes their rows one file after the other, then tells of each how it went. */
export class FileReader {
  readonly #parts: FileReaderParts
  readonly #counts = { done: 0, rejected: 0, rows: 0 }

  constructor(parts: FileReaderParts) {
    this.#parts = parts
  }

  get counts(): { readonly done: number; readonly rejected: number; readonly rows: number } {
    return this.#counts
  }

  /** Returns how many files it finished with: all, unless it was told to stop. The last states sent need a flush. */
  async read(group: readonly ListedFile[], stopped: () => boolean): Promise<number> {
    const { producer, files } = this.#parts
    const open = await Promise.all(group.map((listed) => this.#announce(listed)))
    await producer.flush()

    const finished: OpenFile[] = []
    for (const file of open) {
      if (finished.length > 0 && stopped()) break
      file.metadata = { ...file.metadata, ...(await this.#publish(file)) }
      finished.push(file)
      this.#parts.progress.add({ files: 1 })
    }

    await producer.flush()
    for (const { listed, metadata, timestamp } of finished) {
      files.write(listed.file, metadata, timestamp)
      this.#counts[metadata.state === 'done' ? 'done' : 'rejected']++
    }
    return finished.length
  }

  async #announce(listed: ListedFile): Promise<OpenFile> {
    const known = this.#parts.history.get(listed.file)
    const timestamp = listed.object.lastModifiedMs
    // an earlier run's announcement stays: it tells where this version's rows begin
    if (known?.metadata.state === 'announced' && known.metadata.etag === listed.object.etag) {
      this.#parts.progress.add({ rows: known.publishedRows })
      return { listed, metadata: known.metadata, rows: known.publishedRows, told: 0, timestamp }
    }
    const head = await this.#parts.objectStore.head(listed.bucket, listed.object.key)
    const file: OpenFile = {
      listed,
      metadata: announcement(listed, head ?? listed.object, head?.metadata ?? {}),
      rows: 0,
      told: 0,
      timestamp: head?.lastModifiedMs ?? timestamp
    }
    this.#writeAnnouncement(file)
    return file
  }

  #writeAnnouncement({ listed, metadata, timestamp }: OpenFile): void {
    const { files, rawCsv, rawEnd } = this.#parts
    const partition = rawCsv.partition(keyOf(listed))
    const headers = rawFromHeaders({ partition, offset: rawEnd(partition) })
    files.write(listed.file, metadata, timestamp, headers)
  }

  /** Publishes the file's rows. What is wrong with the file itself becomes its state. */
  async #publish(file: OpenFile): Promise<Pick<FileMetadata, 'state' | 'rows' | 'reason'>> {
    try {
      if (file.listed.storeId === undefined)
        throw new StreamsError('FILE_UNREADABLE', 'its key names no store: expected <storeId>/<name>.csv')
      for (let attempt = 1; ; attempt++) {
        try {
          await this.#publishOnce(file)
          return { state: 'done', rows: file.rows, reason: null }
        } catch (error) {
          if (!hasCode(error, 'OBJECT_STORE_UNAVAILABLE') || attempt === readAttempts) throw error
          await sleep(firstPauseMs * 2 ** (attempt - 1))
        }
      }
    } catch (error) {
      if (!hasCode(error, 'FILE_UNREADABLE') && !hasCode(error, 'RECORD_TOO_LARGE')) throw error
      return { state: 'rejected', rows: file.rows, reason: (error as StreamsError).message }
    }
  }

  async #publishOnce(file: OpenFile): Promise<void> {
    const { objectStore, producer } = this.#parts
    const { bucket, object } = file.listed
    const stored = await objectStore.get(bucket, object.key)
    if (stored === undefined) throw new StreamsError('FILE_UNREADABLE', 'it is gone')
    let bytes = 0
    try {
      if (stored.etag !== file.metadata.etag) await this.#announceReplacement(file, stored)
      const source = await openRows(stored.body, {
        maxRowBytes,
        onBytes: (more) => {
          bytes += more
        }
      })
      chooseDialect(source.header)
      for await (const chunk of source.chunks) {
        this.#tell(file, bytes, this.#publishChunk(file, source.header, chunk))
        if (!producer.hasRoom()) await producer.room()
      }
      this.#tell(file, bytes, 0)
    } finally {
      stored.body.destroy()
    }
  }

  /** After a connection broke, bytes are read again but not counted again. */
  #tell(file: OpenFile, bytes: number, rows: number): void {
    const more = Math.max(bytes - file.told, 0)
    file.told += more
    this.#parts.progress.add({ bytes: more, rows })
  }

  /** The file was replaced after it was listed: what is read now is the new version, from its first row. */
  async #announceReplacement(file: OpenFile, stored: StoredObject): Promise<void> {
    file.metadata = announcement(file.listed, stored, stored.metadata)
    file.rows = 0
    file.timestamp = stored.lastModifiedMs
    this.#writeAnnouncement(file)
    await this.#parts.producer.flush()
  }

  /** Publishes what is not published yet of a chunk, and returns its rows. */
  #publishChunk(file: OpenFile, csvHeader: string, chunk: RowChunk): number {
    const end = chunk.firstRow - 1 + chunk.rows
    if (end <= file.rows) return 0
    // 0, unless chunks were cut differently by the version of this program that was interrupted
    const published = Math.max(file.rows - chunk.firstRow + 1, 0)
    const { country, storeId, etag } = file.metadata
    const headers = rawChunkHeaders({
      file: file.listed.file,
      etag,
      csvHeader,
      firstRow: chunk.firstRow + published,
      country,
      storeId
    })
    const text = published === 0 ? chunk.text : withoutRows(chunk.text, published)
    this.#parts.rawCsv.write(keyOf(file.listed), text, file.timestamp, headers)
    file.rows = end
    this.#counts.rows += chunk.rows - published
    return chunk.rows - published
  }
}

/** The raw topic's key: all rows of a store are in one partition, in order. */
function keyOf({ country, storeId }: ListedFile): string {
  return `${country}/${storeId ?? ''}`
}
