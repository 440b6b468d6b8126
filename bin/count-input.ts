import { pipeline, type Readable, Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CsvError, parse as parseStream } from 'csv-parse'
import { parse } from 'csv-parse/sync'
import type { CountryBucket } from '../ingest/buckets.ts'
import type { ObjectStore } from '../ingest/object-store.ts'

/** Rows and money by the customers' countries; money is whole ten-thousandths. */
export type Counts = Map<string, { rows: number; net: bigint }>

export interface InputCounts {
  readonly counts: Counts
  /** Files whose header line is of no known dialect. */
  readonly unknown: readonly string[]
}

/** Where the files are. */
export type InputFiles = Pick<ObjectStore, 'list' | 'get'>

/** What a row's fields say: the customer's country, if they name one, and the money, if it can be read. */
type ReadRow = (field: (name: string) => string) => {
  readonly market: string
  readonly net: bigint | undefined
}

/** A dialect is told by one column that no other has. */
const dialects: readonly { readonly mark: string; readonly read: ReadRow }[] = [
  { mark: 'unitprice', read: (field) => ({ market: field('country'), net: priced(field) }) },
  { mark: 'sales', read: (field) => ({ market: '', net: tenThousandths(field('sales')) }) },
  {
    mark: 'sold_at',
    read: (field) => ({ market: field('customer_country'), net: tenThousandths(field('amount')) })
  }
]

/**
 * Counts and adds up what the sales files in the buckets say. It is what the results of the stream processing are held against, so it shares no
 * code with it: every file goes through a CSV parser from beginning to end, every sum is a BigInt.
 */
export async function countInput(store: InputFiles, buckets: readonly CountryBucket[]): Promise<InputCounts> {
  const counts: Counts = new Map()
  const unknown: string[] = []
  for (const { bucket, country } of buckets)
    for await (const { key } of store.list(bucket)) {
      if (!/^(?!reference\/)[^/]+\/.+\.csv(\.gz)?$/i.test(key)) continue
      const file = await countFile(store, bucket, key, country)
      if (file === undefined) unknown.push(`${bucket}/${key}`)
      else for (const [market, { rows, net }] of file) add(counts, market, rows, net)
    }
  return { counts, unknown }
}

function add(counts: Counts, market: string, rows: number, net: bigint): void {
  const count = counts.get(market)
  if (count === undefined) counts.set(market, { rows, net })
  else {
    count.rows += rows
    count.net += net
  }
}

/** Undefined: of no known dialect. */
async function countFile(
  store: InputFiles,
  bucket: string,
  key: string,
  country: string
): Promise<Counts | undefined> {
  const open = async (): Promise<Readable> => {
    const object = await store.get(bucket, key)
    if (object === undefined) throw new Error(`${bucket}/${key} was listed, but it is not there`)
    return decoded(object.body)
  }
  try {
    return await countRecords(streamed(await open()), country)
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    return countRecords(lineByLine(await text(await open())), country)
  }
}

/** Countries are few; what is no country is not remembered for ever. */
const mostTexts = 1000

async function countRecords(
  records: AsyncIterable<readonly string[] | undefined>,
  country: string
): Promise<Counts | undefined> {
  const counts: Counts = new Map()
  const texts = new Map<string, string>()
  const marketOf = (latin1: string): string => {
    const known = texts.get(latin1) ?? (unmangled(latin1) || country)
    if (texts.size < mostTexts) texts.set(latin1, known)
    return known
  }
  let names: string[] | undefined
  let read: ReadRow | undefined
  for await (const record of records) {
    if (names === undefined) {
      names = (record ?? []).map((name) => name.trim().toLowerCase())
      read = dialects.find(({ mark }) => names?.includes(mark))?.read
      if (read === undefined) return undefined
      continue
    }
    const columns = names
    // a row that is not CSV, or not as wide as the header, says nothing
    if (record === undefined || record.length !== columns.length) add(counts, country, 1, 0n)
    else {
      const row = (read as ReadRow)((name) => record[columns.indexOf(name)] ?? '')
      add(counts, marketOf(row.market), 1, row.net ?? 0n)
    }
  }
  return counts
}

/*
 * Text. Bytes are taken for Latin-1 characters, which leaves all marks of CSV where they are; what a text really says is found where it is
 * needed. Only UTF-16 is turned into UTF-8 before.
 */

async function decoded(body: Readable): Promise<Readable> {
  const [first] = await take(body)
  const gzip = first !== undefined && first[0] === 0x1f && first[1] === 0x8b
  const plain = gzip ? pipeline(body, createGunzip(), ignore) : body
  const [head] = gzip ? await take(plain as Readable) : [first]
  const utf16 =
    head?.[0] === 0xff && head[1] === 0xfe
      ? 'utf-16le'
      : head?.[0] === 0xfe && head[1] === 0xff
        ? 'utf-16be'
        : undefined
  return utf16 === undefined ? (plain as Readable) : pipeline(plain as Readable, reencoded(utf16), ignore)
}

const ignore = () => {}

/** The first piece of a stream, which stays in it. */
async function take(stream: Readable): Promise<[Buffer | undefined]> {
  for await (const piece of stream.iterator({ destroyOnReturn: false })) {
    stream.unshift(piece)
    return [piece as Buffer]
  }
  return [undefined]
}

function reencoded(encoding: string): Transform {
  const decoder = new TextDecoder(encoding)
  return new Transform({
    transform: (piece: Buffer, _, done) => done(null, Buffer.from(decoder.decode(piece, { stream: true }))),
    flush: (done) => done(null, Buffer.from(decoder.decode()))
  })
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const windows1252 = new TextDecoder('windows-1252')

/** What Latin-1 characters really are: UTF-8, or else windows-1252. */
function unmangled(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1')
  try {
    return utf8.decode(bytes)
  } catch {
    return windows1252.decode(bytes)
  }
}

const csv = { relax_column_count: true, skip_empty_lines: true, encoding: 'latin1' } as const

async function* streamed(body: Readable): AsyncGenerator<string[]> {
  const delimiter = await delimiterOf(body)
  const parser = pipeline(body, parseStream({ ...csv, bom: false, delimiter }), ignore)
  let first = true
  for await (const record of parser as unknown as AsyncIterable<string[]>) {
    yield first ? withoutMark(record) : record
    first = false
  }
}

/** A byte order mark of UTF-8, as Latin-1 has it. */
function withoutMark(header: string[]): string[] {
  return header.map((name, at) =>
    at === 0 ? name.replace(/^\u00ef\u00bb\u00bf/, '').replace(/^"|"$/g, '') : name
  )
}

/** The one of which the header line has most. */
async function delimiterOf(body: Readable): Promise<string> {
  const [head] = await take(body)
  const line = (head?.toString('latin1') ?? '').split('\n').find((one) => one.trim() !== '') ?? ''
  const count = (mark: string) => line.split(mark).length
  return [',', ';', '\t', '|'].reduce((best, mark) => (count(mark) > count(best) ? mark : best))
}

async function text(body: Readable): Promise<{ readonly lines: string[]; readonly delimiter: string }> {
  const delimiter = await delimiterOf(body)
  const pieces: Buffer[] = []
  for await (const piece of body) pieces.push(piece as Buffer)
  const lines = Buffer.concat(pieces).toString('latin1').split(/\r?\n/)
  return { lines, delimiter }
}

/** The most lines that a row can have in a file that is not CSV throughout. */
const longestRow = 50

/** For files in which something is not CSV: each row by itself. Undefined: a line that is not. */
async function* lineByLine({
  lines,
  delimiter
}: {
  readonly lines: readonly string[]
  readonly delimiter: string
}): AsyncGenerator<string[] | undefined> {
  let header = true
  for (let at = 0; at < lines.length; ) {
    if (lines[at] === '') {
      at++
      continue
    }
    const { record, used } = recordAt(lines, at, delimiter)
    yield header && record !== undefined ? withoutMark(record) : record
    header = false
    at += used
  }
}

function recordAt(
  lines: readonly string[],
  at: number,
  delimiter: string
): { readonly record: string[] | undefined; readonly used: number } {
  for (let used = 1; used <= longestRow && at + used <= lines.length; used++)
    try {
      const records = parse(lines.slice(at, at + used).join('\n'), { ...csv, delimiter }) as string[][]
      return { record: records.length === 1 ? records[0] : undefined, used }
    } catch (error) {
      // an open quote may be closed on a later line; anything else is no better there
      if (!(error instanceof CsvError) || error.code !== 'CSV_QUOTE_NOT_CLOSED') break
    }
  return { record: undefined, used: 1 }
}

/*
 * Money.
 */

function priced(field: (name: string) => string): bigint | undefined {
  const quantity = tenThousandths(field('quantity'))
  const price = tenThousandths(field('unitprice'))
  if (quantity === undefined || price === undefined || quantity % scale !== 0n) return undefined
  return inRange((quantity / scale) * price)
}

const scale = 10_000n

function tenThousandths(value: string): bigint | undefined {
  const [, sign, whole = '', decimals = '', point] = /^(-?)(\d*)(?:\.(\d+))?()$/.exec(value) ?? []
  if (point === undefined || whole + decimals === '') return undefined
  const kept = decimals.replace(/0+$/, '')
  if (kept.length > 4) return undefined
  const amount = BigInt(whole + kept.padEnd(4, '0'))
  return inRange(sign === '-' ? -amount : amount)
}

/** Amounts beyond what is added up are refused, not counted. */
function inRange(amount: bigint): bigint | undefined {
  return amount <= BigInt(Number.MAX_SAFE_INTEGER) && amount >= BigInt(Number.MIN_SAFE_INTEGER)
    ? amount
    : undefined
}
