import { noBytes, StreamsError } from '../index.ts'
import { contentEnd, lineEnd, rowEnd } from '../processors/retail/csv/row-end.ts'

export interface RowSplitterOptions {
  /** A chunk is cut before it exceeds this size, bytes; a longer row is a chunk of its own. Default 64 KiB. */
  readonly chunkBytes?: number
  /** A longer row makes the file unreadable, bytes. Default 1 MiB. */
  readonly maxRowBytes?: number
}

/** A run of whole rows, as the file has them, the blank lines between them as well. */
export interface RowChunk {
  readonly text: string
  /** Number of its first row. 1 is the first row after the header line; blank lines are not counted. */
  readonly firstRow: number
  readonly rows: number
  /** Size of the text in UTF-8. */
  readonly bytes: number
}

/**
 * Cuts the bytes of a CSV file, given piece by piece, into chunks of whole rows. What is a row is told by `rowEnd`. The same bytes make
 * the same chunks, however they are given. Holds no more than one chunk, one row and one piece.
 */
export class RowSplitter {
  readonly #chunkBytes: number
  readonly #maxRowBytes: number
  #header: string | undefined
  #started = false
  /** What was given and is not yet in a chunk. */
  #held: Buffer = noBytes
  /** Up to here `#held` is whole rows. */
  #rowsEnd = 0
  #rows = 0
  #firstRow = 1

  constructor(options: RowSplitterOptions = {}) {
    this.#chunkBytes = options.chunkBytes ?? 64 * 1024
    this.#maxRowBytes = options.maxRowBytes ?? 1024 * 1024
  }

  /** The file's first line that is not blank, without line break and byte order mark; undefined until it is whole. */
  get header(): string | undefined {
    return this.#header
  }

  /** The chunks that are whole with these bytes. Throws FILE_UNREADABLE. */
  push(piece: Buffer): RowChunk[] {
    this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece])
    return this.#split(false)
  }

  /** What is left when the file ends: at most two chunks, and the header line if it was all there is. */
  end(): RowChunk[] {
    const chunks = this.#split(true)
    if (this.#rows > 0) chunks.push(this.#cut(this.#rowsEnd))
    return chunks
  }

  #split(last: boolean): RowChunk[] {
    if (!this.#started && !this.#start(last)) return []
    const chunks: RowChunk[] = []
    for (;;) {
      const start = this.#rowsEnd
      if (start === this.#held.length) break
      const end = this.#nextRow(start, last)
      if (end < 0) break
      this.#take(start, end, chunks)
    }
    return chunks
  }

  /** Passes over the byte order mark; false when more bytes are needed to see it. */
  #start(last: boolean): boolean {
    const held = this.#held
    if (held.length < 3 && !last) return false
    this.#started = true
    if ((held[0] === 0xff && held[1] === 0xfe) || (held[0] === 0xfe && held[1] === 0xff))
      throw new StreamsError('FILE_UNREADABLE', 'it is UTF-16; save it as UTF-8')
    if (held[0] === 0xef && held[1] === 0xbb && held[2] === 0xbf) this.#held = held.subarray(3)
    return true
  }

  #nextRow(start: number, last: boolean): number {
    const held = this.#held
    let end = rowEnd(held, start, held.length, last)
    // A quote that is never closed: the row cannot be a good one any more, so it ends at its line break.
    if ((end < 0 ? held.length : end) - start > this.#maxRowBytes) {
      end = lineEnd(held, start, held.length, last)
      if ((end < 0 ? held.length : end) - start > this.#maxRowBytes)
        throw new StreamsError(
          'FILE_UNREADABLE',
          `row ${this.#firstRow + this.#rows} is longer than ${this.#maxRowBytes} bytes`
        )
    }
    return end
  }

  #take(start: number, end: number, chunks: RowChunk[]): void {
    const blank = contentEnd(this.#held, start, end) === start
    if (this.#header === undefined) {
      if (!blank) this.#header = this.#held.utf8Slice(start, contentEnd(this.#held, start, end))
      this.#held = this.#held.subarray(end)
      return
    }
    if (this.#rows > 0 && end > this.#chunkBytes) {
      chunks.push(this.#cut(start))
      end -= start
    }
    if (!blank) this.#rows++
    // blank lines before a chunk's first row belong to no chunk: there may be any number of them
    else if (this.#rows === 0) {
      this.#held = this.#held.subarray(end)
      return
    }
    this.#rowsEnd = end
  }

  /** Makes a chunk of the first bytes held. */
  #cut(at: number): RowChunk {
    const chunk = {
      text: this.#held.utf8Slice(0, at),
      firstRow: this.#firstRow,
      rows: this.#rows,
      bytes: at
    }
    this.#held = this.#held.subarray(at)
    this.#firstRow += this.#rows
    this.#rows = 0
    this.#rowsEnd = 0
    return chunk
  }
}
