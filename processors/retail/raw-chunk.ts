import { type Headers, headerText, StreamsError, textHeader } from '../../index.ts'

/** What separates the fields of a file's rows, its header line's too. */
export type Delimiter = ',' | ';' | '\t' | '|'

/**
 * What the Kafka headers of a raw CSV record tell about its rows. Its key is `country/storeId`, its value the rows' text without the
 * header line: whole rows as the file has them, quotes, line breaks and delimiter unchanged, but in UTF-8 whatever the file is in. Its
 * timestamp is when that version of the file was stored.
 */
export interface RawChunk {
  /** `bucket/object`. */
  readonly file: string
  /** Of the version of the file that the rows are from. */
  readonly etag: string
  /** Counts the versions of the file that were read, from 1. */
  readonly revision: number
  /** 1: these rows are added. -1: they were added before, and are taken back, because the file was corrected or removed. */
  readonly sign: 1 | -1
  /** The file's header line, in UTF-8. */
  readonly csvHeader: string
  /** Found in the header line; the rows have the same. */
  readonly delimiter: Delimiter
  /** Number of the chunk's first row; 1 is the file's first data row, and blank lines are not counted. */
  readonly firstRow: number
  readonly country: string
  readonly storeId: string
  /** ISO 4217: what the file's amounts are in. */
  readonly currency: string
  /** IANA name: where the store's business days begin and end. */
  readonly timeZone: string
}

export function rawChunkHeaders(chunk: RawChunk): Headers {
  return [
    textHeader('file', chunk.file),
    textHeader('etag', chunk.etag),
    textHeader('revision', String(chunk.revision)),
    textHeader('sign', String(chunk.sign)),
    textHeader('csv-header', chunk.csvHeader),
    textHeader('delimiter', chunk.delimiter),
    textHeader('first-row', String(chunk.firstRow)),
    textHeader('country', chunk.country),
    textHeader('store-id', chunk.storeId),
    textHeader('currency', chunk.currency),
    textHeader('time-zone', chunk.timeZone)
  ]
}

/** Throws DESERIALIZATION when a header is missing or wrong. */
export function rawChunk(headers: Headers): RawChunk {
  return {
    file: required(headers, 'file'),
    etag: required(headers, 'etag'),
    revision: positive(headers, 'revision'),
    sign: oneOf(headers, 'sign', ['1', '-1']) === '1' ? 1 : -1,
    csvHeader: required(headers, 'csv-header'),
    delimiter: oneOf(headers, 'delimiter', [',', ';', '\t', '|']),
    firstRow: positive(headers, 'first-row'),
    country: required(headers, 'country'),
    storeId: required(headers, 'store-id'),
    currency: required(headers, 'currency'),
    timeZone: required(headers, 'time-zone')
  }
}

function positive(headers: Headers, key: string): number {
  const number = Number(required(headers, key))
  if (Number.isSafeInteger(number) && number >= 1) return number
  throw new StreamsError('DESERIALIZATION', `the header ${key} of a raw CSV record is no number from 1 on`)
}

function oneOf<T extends string>(headers: Headers, key: string, allowed: readonly T[]): T {
  const text = required(headers, key)
  const found = allowed.find((one) => one === text)
  if (found !== undefined) return found
  throw new StreamsError('DESERIALIZATION', `the header ${key} of a raw CSV record is "${text}"`)
}

function required(headers: Headers, key: string): string {
  const text = headerText(headers, key)
  if (text === undefined) throw new StreamsError('DESERIALIZATION', `a raw CSV record has no header ${key}`)
  return text
}
