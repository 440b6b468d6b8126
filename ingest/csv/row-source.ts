import type { Readable } from 'node:stream'
import { noBytes, StreamsError } from '../../index.ts'
import type { Delimiter } from '../../processors/retail/raw-chunk.ts'
import { unavailable } from '../store-failure.ts'
import { defaultMaxRowBytes, type RowChunk, RowSplitter, type RowSplitterOptions } from './row-splitter.ts'
import { unzipped } from './unzipped.ts'
import { type Utf16, Utf16Decoder, utf16Mark } from './utf-16.ts'
import { rowsToUtf8, type TextEncoding } from './windows-1252.ts'

/** How a file is written: what a reader that goes on in the middle must know. */
export interface FileForm {
  readonly gzip: boolean
  /** Null: bytes of which ASCII is a part. */
  readonly utf16: Utf16 | null
  /** The header line in UTF-8, without line break and byte order mark. */
  readonly csvHeader: string
  readonly delimiter: Delimiter
}

/** A file being read: how it is written, then its rows in UTF-8. */
export interface RowSource {
  readonly form: FileForm
  readonly chunks: AsyncGenerator<RowChunk>
}

export interface RowSourceOptions
  extends Pick<RowSplitterOptions, 'chunkBytes' | 'maxRowBytes' | 'skipRows' | 'lastRow'> {
  /** Default `auto`. */
  readonly encoding?: TextEncoding
  /** Called with the number of bytes read, as the object has them (compressed, if it is). */
  readonly onBytes?: (bytes: number) => void
}

/** Where a file that was read before goes on. */
export interface Resumption {
  readonly form: FileForm
  /** The offset of the body's first byte in the file. */
  readonly at: number
}

/** Whether a reader can begin in the middle: at the byte where a chunk ended. Other files are read from the start, and rows passed over. */
export function isSeekable({ gzip, utf16 }: FileForm): boolean {
  return !gzip && utf16 === null
}

const gzipMagic = Buffer.from([0x1f, 0x8b])
const utf8Mark = Buffer.from([0xef, 0xbb, 0xbf])
const utf16MarkBytes = 2

/**
 * Opens a CSV file and reads its header line. Told by the first bytes, whatever its name is: compressed with gzip or not, UTF-16 by its byte
 * order mark, else bytes of the given encoding.
 *
 * Throws FILE_UNREADABLE, and OBJECT_STORE_UNAVAILABLE when the body breaks off; then or at the end the body is destroyed.
 */
export async function openRows(body: Readable, options: RowSourceOptions = {}): Promise<RowSource> {
  const bytes = counted(body, options.onBytes)
  try {
    const gzip = await bytes.startsWith(gzipMagic)
    const plain = gzip ? new Pieces(unzipped(bytes)) : bytes
    const utf16 = utf16Mark(await plain.peek(utf16MarkBytes)) ?? null
    let at = 0
    if (utf16 !== null) plain.drop(utf16MarkBytes)
    else if (await plain.startsWith(utf8Mark)) {
      at = utf8Mark.length
      plain.drop(at)
    }
    const text = utf16 === null ? plain : decoded(plain, utf16)
    const splitter = new RowSplitter({ ...options, at })
    const chunks = split(text, splitter, options)
    const first = await chunks.next()
    if (splitter.header === undefined)
      throw new StreamsError('FILE_UNREADABLE', 'it is empty: there is no header line')
    const { delimiter } = splitter
    const encoding = options.encoding ?? 'auto'
    const csvHeader = rowsToUtf8(splitter.header, delimiter.charCodeAt(0), encoding).toString('utf8')
    const form = { gzip, utf16, csvHeader, delimiter }
    return { form, chunks: finallyDestroyed(body, resumed(first, chunks)) }
  } catch (error) {
    body.destroy()
    throw error
  }
}

/** Goes on in a seekable file, after `skipRows` rows. Errors as `openRows`. */
export function resumeRows(
  body: Readable,
  { form, at }: Resumption,
  options: RowSourceOptions = {}
): AsyncGenerator<RowChunk> {
  const splitter = new RowSplitter({ ...options, at, resumed: form.delimiter })
  return finallyDestroyed(body, split(counted(body, options.onBytes), splitter, options))
}

async function* resumed(
  first: IteratorResult<RowChunk, void>,
  rest: AsyncGenerator<RowChunk>
): AsyncGenerator<RowChunk> {
  try {
    if (first.done !== true) yield first.value
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}

async function* finallyDestroyed(body: Readable, chunks: AsyncGenerator<RowChunk>): AsyncGenerator<RowChunk> {
  try {
    yield* chunks
  } finally {
    body.destroy()
  }
}

async function* split(
  pieces: AsyncIterable<Buffer>,
  splitter: RowSplitter,
  { encoding = 'auto', maxRowBytes = defaultMaxRowBytes }: RowSourceOptions
): AsyncGenerator<RowChunk> {
  const convert = (chunk: RowChunk): RowChunk => {
    const content = rowsToUtf8(chunk.content, splitter.delimiter.charCodeAt(0), encoding)
    // up to three bytes for one
    if (content.length > maxRowBytes)
      throw new StreamsError(
        'FILE_UNREADABLE',
        `row ${chunk.firstRow} is longer than ${maxRowBytes} bytes in UTF-8`
      )
    return content === chunk.content ? chunk : { ...chunk, content }
  }
  for await (const piece of pieces) {
    for (const chunk of splitter.push(piece)) yield convert(chunk)
    if (splitter.done) return
  }
  for (const chunk of splitter.end()) yield convert(chunk)
}

/** An iteration over pieces of bytes whose beginning can be looked at. */
class Pieces implements AsyncIterable<Buffer> {
  readonly #rest: AsyncIterator<Buffer>
  #head: Buffer = noBytes

  constructor(rest: AsyncIterable<Buffer>) {
    this.#rest = rest[Symbol.asyncIterator]()
  }

  /** The first bytes; fewer when there are no more. */
  async peek(count: number): Promise<Buffer> {
    while (this.#head.length < count) {
      const next = await this.#rest.next()
      if (next.done === true) break
      this.#head = Buffer.concat([this.#head, next.value])
    }
    return this.#head.subarray(0, count)
  }

  async startsWith(bytes: Buffer): Promise<boolean> {
    return (await this.peek(bytes.length)).equals(bytes)
  }

  /** Passes over bytes that were looked at. */
  drop(count: number): void {
    this.#head = this.#head.subarray(count)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      if (this.#head.length > 0) yield this.#head
      for (;;) {
        const next = await this.#rest.next()
        if (next.done === true) return
        yield next.value
      }
    } finally {
      await this.#rest.return?.()
    }
  }
}

function counted(body: Readable, onBytes: (bytes: number) => void = () => {}): Pieces {
  async function* pieces(): AsyncGenerator<Buffer> {
    try {
      for await (const piece of body) {
        onBytes((piece as Buffer).length)
        yield piece as Buffer
      }
    } catch (error) {
      throw error instanceof StreamsError ? error : unavailable('reading the object', error)
    }
  }
  return new Pieces(pieces())
}

async function* decoded(pieces: AsyncIterable<Buffer>, utf16: Utf16): AsyncGenerator<Buffer> {
  const decoder = new Utf16Decoder(utf16)
  for await (const piece of pieces) yield decoder.push(piece)
  yield decoder.end()
}
