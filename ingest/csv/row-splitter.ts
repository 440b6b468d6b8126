import { noBytes, StreamsError } from '../../index.ts'
import { contentEnd, lineEnd, rowEnd } from '../../processors/retail/csv/row-end.ts'
import type { Delimiter } from '../../processors/retail/raw-chunk.ts'
import { delimiterOf } from './delimiter.ts'

export interface RowSplitterOptions {
  /** A chunk is cut before it exceeds this size, bytes; a longer row is a chunk of its own. Default 64 KiB. */
  readonly chunkBytes?: number
  /** A longer row makes the file unreadable, bytes. Default 1 MiB less 16 KiB: with its headers it must fit into one Kafka record of 1 MiB. */
  readonly maxRowBytes?: number
  /** Where the first byte given is in the file. Default 0. */
  readonly at?: number
  /** The bytes begin after the header line, which had this delimiter, with the row after `skipRows`. Default: they begin with the header line. */
  readonly resumed?: Delimiter
  /** Rows before the first chunk; without `resumed` they are passed over. Default 0. */
  readonly skipRows?: number
  /** The last row that is wanted. Default: all. */
  readonly lastRow?: number
}

/** A run of whole rows, as the file has them, the blank lines between them as well. */
export interface RowChunk {
  readonly content: Buffer
  /** Number of its first row. 1 is the first row after the header line; blank lines are not counted. */
  readonly firstRow: number
  readonly rows: number
  /** Where it ends in the file, bytes: another splitter may go on from there. */
  readonly end: number
}

const LF = 10
const QUOTE = 34
export const defaultMaxRowBytes = 1024 * 1024 - 16 * 1024
/** It goes with each chunk, in a record header. */
const maxHeaderBytes = 8 * 1024

/**
 * Cuts the bytes of a CSV file, given piece by piece, into chunks of whole rows. What is a row is told by `rowEnd`. The same bytes make
 * the same chunks, however they are given. Holds no more than one chunk, one row and one piece.
 */
export class RowSplitter {
  readonly #chunkBytes: number
  readonly #maxRowBytes: number
  readonly #skipRows: number
  readonly #lastRow: number
  #header: Buffer | undefined
  #delimiter: Delimiter = ','
  #delimiterByte = 44
  /** What was given and is not yet in a chunk. */
  #held: Buffer = noBytes
  /** Where `#held` begins in the file. */
  #at: number
  /** `#held[#chunkStart, #rowsEnd)` is the next chunk's whole rows. */
  #chunkStart = 0
  #rowsEnd = 0
  #rows = 0
  #firstRow = 1
  /** The first quote in `#held` from `#rowsEnd` on; -1: none. */
  #quote = -1

  constructor(options: RowSplitterOptions = {}) {
    this.#chunkBytes = options.chunkBytes ?? 64 * 1024
    this.#maxRowBytes = options.maxRowBytes ?? defaultMaxRowBytes
    this.#at = options.at ?? 0
    this.#skipRows = options.skipRows ?? 0
    this.#lastRow = options.lastRow ?? Number.POSITIVE_INFINITY
    if (options.resumed !== undefined) {
      this.#header = noBytes
      this.#setDelimiter(options.resumed)
      this.#firstRow = this.#skipRows + 1
    }
  }

  /** The file's first line that is not blank, without line break; undefined until it is whole. */
  get header(): Buffer | undefined {
    return this.#header
  }

  get delimiter(): Delimiter {
    return this.#delimiter
  }

  /** The last wanted row was found. */
  get done(): boolean {
    return this.#firstRow + this.#rows > this.#lastRow
  }

  /** The chunks that are whole with these bytes. Throws FILE_UNREADABLE. */
  push(piece: Buffer): RowChunk[] {
    const chunks: RowChunk[] = []
    this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece])
    this.#split(false, chunks)
    this.#held = this.#held.subarray(this.#chunkStart)
    this.#at += this.#chunkStart
    this.#rowsEnd -= this.#chunkStart
    this.#chunkStart = 0
    return chunks
  }

  /** What is left when the file ends: at most two chunks, and the header line if it was all there is. */
  end(): RowChunk[] {
    const chunks: RowChunk[] = []
    this.#split(true, chunks)
    if (this.#rows > 0) chunks.push(this.#cut(this.#rowsEnd))
    return chunks
  }

  #split(last: boolean, chunks: RowChunk[]): void {
    this.#quote = this.#held.indexOf(QUOTE, this.#rowsEnd)
    while (this.#rowsEnd < this.#held.length && !this.done) {
      const start = this.#rowsEnd
      const end = this.#header === undefined ? this.#headerEnd(start, last) : this.#nextRow(start, last)
      if (end < 0) break
      this.#take(start, end, chunks)
    }
  }

  #headerEnd(start: number, last: boolean): number {
    const held = this.#held
    const line = lineEnd(held, start, held.length, last)
    if (line >= 0) this.#setDelimiter(delimiterOf(held.subarray(start, line)))
    const end = line < 0 ? -1 : rowEnd(held, start, held.length, last, this.#delimiterByte)
    if ((end < 0 ? held.length : end) - start > maxHeaderBytes) {
      // the quote that made it so long may just be an odd character
      if (line >= 0 && line - start <= maxHeaderBytes) return line
      throw new StreamsError('FILE_UNREADABLE', `its header line is longer than ${maxHeaderBytes} bytes`)
    }
    return end
  }

  #setDelimiter(delimiter: Delimiter): void {
    this.#delimiter = delimiter
    this.#delimiterByte = delimiter.charCodeAt(0)
  }

  #nextRow(start: number, last: boolean): number {
    const held = this.#held
    // a row without a quote, as nearly all are, ends at its line break
    if (this.#quote >= 0 && this.#quote < start) this.#quote = held.indexOf(QUOTE, start)
    const line = held.indexOf(LF, start)
    let end: number
    if (this.#quote < 0 || (line >= 0 && line < this.#quote))
      end = line >= 0 ? line + 1 : last ? held.length : -1
    else end = rowEnd(held, start, held.length, last, this.#delimiterByte)
    if ((end < 0 ? held.length : end) - start <= this.#maxRowBytes) return end
    // A quote that is never closed: the row cannot be a good one any more, so it ends at its line break.
    end = lineEnd(held, start, held.length, last)
    if ((end < 0 ? held.length : end) - start > this.#maxRowBytes)
      throw new StreamsError(
        'FILE_UNREADABLE',
        `row ${this.#firstRow + this.#rows} is longer than ${this.#maxRowBytes} bytes`
      )
    return end
  }

  #take(start: number, end: number, chunks: RowChunk[]): void {
    const blank = contentEnd(this.#held, start, end) === start
    if (this.#header === undefined) {
      if (!blank) this.#header = Buffer.from(this.#held.subarray(start, contentEnd(this.#held, start, end)))
      this.#pass(end)
      return
    }
    if (this.#rows > 0 && end - this.#chunkStart > this.#chunkBytes) chunks.push(this.#cut(start))
    if (this.#rows === 0 && (blank || this.#firstRow <= this.#skipRows)) {
      // blank lines before a chunk's first row belong to no chunk: there may be any number of them
      if (!blank) this.#firstRow++
      this.#pass(end)
      return
    }
    if (!blank) this.#rows++
    this.#rowsEnd = end
    if (this.done) chunks.push(this.#cut(end))
  }

  #pass(end: number): void {
    this.#rowsEnd = end
    this.#chunkStart = end
  }

  /** Makes a chunk of the first rows held. */
  #cut(end: number): RowChunk {
    // a copy, or the chunk would keep all of what was given
    const content = Buffer.from(this.#held.subarray(this.#chunkStart, end))
    const chunk = { content, firstRow: this.#firstRow, rows: this.#rows, end: this.#at + end }
    this.#firstRow += this.#rows
    this.#rows = 0
    this.#pass(end)
    return chunk
  }
}
