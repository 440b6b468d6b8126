import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { noBytes, StreamsError } from '../index.ts'
import { unavailable } from './object-store.ts'
import { type RowChunk, RowSplitter, type RowSplitterOptions } from './row-splitter.ts'

/** A file being read: its header line, then its rows. */
export interface RowSource {
  readonly header: string
  readonly chunks: AsyncGenerator<RowChunk>
}

export interface RowSourceOptions extends RowSplitterOptions {
  /** Called with the number of bytes read, as the object has them (compressed, if it is). */
  readonly onBytes?: (bytes: number) => void
}

const gzipMagic = Buffer.from([0x1f, 0x8b])

/**
 * Opens a CSV file, compressed with gzip or not (told by its first bytes, whatever its name is), and reads its header line.
 * Throws FILE_UNREADABLE, and OBJECT_STORE_UNAVAILABLE when the body breaks off; then or at the end the body is destroyed.
 */
export async function openRows(body: Readable, options: RowSourceOptions = {}): Promise<RowSource> {
  const splitter = new RowSplitter(options)
  const chunks = split(body, splitter, options.onBytes ?? (() => {}))
  const first = await chunks.next()
  if (splitter.header === undefined)
    throw new StreamsError('FILE_UNREADABLE', 'it is empty: there is no header line')
  return { header: splitter.header, chunks: resumed(first, chunks) }
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

async function* split(
  body: Readable,
  splitter: RowSplitter,
  onBytes: (bytes: number) => void
): AsyncGenerator<RowChunk> {
  for await (const piece of plain(body, onBytes)) yield* splitter.push(piece)
  yield* splitter.end()
}

/** The file's bytes, unzipped if they are gzip. */
async function* plain(body: Readable, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  try {
    const pieces = counted(body, onBytes)
    let head: Buffer = noBytes
    while (head.length < gzipMagic.length) {
      const next = await pieces.next()
      if (next.done === true) break
      head = Buffer.concat([head, next.value])
    }
    if (head.subarray(0, gzipMagic.length).equals(gzipMagic)) yield* unzipped(head, pieces)
    else {
      yield head
      yield* pieces
    }
  } finally {
    body.destroy()
  }
}

async function* counted(body: Readable, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  try {
    for await (const piece of body) {
      onBytes((piece as Buffer).length)
      yield piece as Buffer
    }
  } catch (error) {
    throw error instanceof StreamsError ? error : unavailable('reading the object', error)
  }
}

async function* unzipped(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  async function* compressed() {
    yield head
    yield* rest
  }
  const gunzip = createGunzip()
  // passes on the failures of both; they are thrown by the iteration below
  pipeline(Readable.from(compressed(), { objectMode: false }), gunzip, () => {})
  try {
    for await (const piece of gunzip) yield piece as Buffer
  } catch (error) {
    // zlib's own; anything else comes from the body
    if (!String((error as NodeJS.ErrnoException).code).startsWith('Z_')) throw error
    throw new StreamsError('FILE_UNREADABLE', `it is damaged gzip: ${(error as Error).message}`, error)
  }
}
