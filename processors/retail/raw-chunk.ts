import { type Headers, headerText, StreamsError, textHeader } from '../../index.ts'
import type { RowOrigin } from './dialects/dialect.ts'

/** What the Kafka headers of a raw CSV record tell about its rows. Its value is the rows' text, without the header line. */
export interface RawChunk extends RowOrigin {
  readonly etag: string
  /** The file's header line. */
  readonly csvHeader: string
  /** Number of the chunk's first row; 1 is the file's first data row, and blank lines are not counted. */
  readonly firstRow: number
}

export function rawChunkHeaders(chunk: RawChunk): Headers {
  return [
    textHeader('file', chunk.file),
    textHeader('etag', chunk.etag),
    textHeader('csv-header', chunk.csvHeader),
    textHeader('first-row', String(chunk.firstRow)),
    textHeader('country', chunk.country),
    textHeader('store-id', chunk.storeId)
  ]
}

/** Throws DESERIALIZATION when a header is missing. */
export function rawChunk(headers: Headers): RawChunk {
  const firstRow = Number(required(headers, 'first-row'))
  if (!Number.isSafeInteger(firstRow) || firstRow < 1)
    throw new StreamsError('DESERIALIZATION', 'the header first-row of a raw CSV record is not a row number')
  return {
    file: required(headers, 'file'),
    etag: required(headers, 'etag'),
    csvHeader: required(headers, 'csv-header'),
    firstRow,
    country: required(headers, 'country'),
    storeId: required(headers, 'store-id')
  }
}

function required(headers: Headers, key: string): string {
  const text = headerText(headers, key)
  if (text === undefined) throw new StreamsError('DESERIALIZATION', `a raw CSV record has no header ${key}`)
  return text
}
