import { gzipSync } from 'node:zlib'
import { mutated, randomBytes, wildTexts } from './fuzz-mutate.ts'
import type { Random } from './random.ts'

export interface FuzzFile {
  readonly bucket: string
  readonly key: string
  readonly content: Buffer
}

export const fuzzBuckets = ['sku-gb', 'sku-us'] as const

interface Form {
  readonly header: readonly string[]
  row(random: Random, store: string): string[]
}

const day = (random: Random) => `2011-${two(1 + random.below(12))}-${two(1 + random.below(28))}`
const two = (number: number) => String(number).padStart(2, '0')
const money = (random: Random) => `${random.below(500)}.${two(random.below(100))}`
const sku = (random: Random) => `S${100 + random.below(50)}`

/** The three dialects, as they should be. */
const forms: readonly Form[] = [
  {
    header: ['date', 'store_id', 'sku', 'customer_id', 'promotion_id', 'units', 'sales', 'cost'],
    row: (random, store) => [day(random), store, sku(random), 'c1', '0', '2', money(random), '0.5']
  },
  {
    header: [
      'InvoiceNo',
      'StockCode',
      'Description',
      'Quantity',
      'InvoiceDate',
      'UnitPrice',
      'CustomerID',
      'Country'
    ],
    row: (random) => [
      `${random.chance(0.1) ? 'C' : ''}${536365 + random.below(500)}`,
      String(10_000 + random.below(80)),
      random.chance(0.1) ? 'a "quoted", text' : 'LANTERN',
      String(1 + random.below(9)),
      `${day(random)} 08:26:00`,
      money(random),
      '17850',
      random.pick(['United Kingdom', 'France', 'EIRE'])
    ]
  },
  {
    header: ['sold_at', 'sku', 'quantity', 'amount'],
    row: (random) => [day(random), sku(random), '1', money(random)]
  }
]

/** A file that is good, or was spoiled in its cells, its header line, its bytes, its encoding or its compression. */
export function fuzzFile(random: Random, number: number): FuzzFile {
  const store = `f${random.below(6)}`
  const form = random.pick(forms)
  const cells = Array.from({ length: random.below(120) }, () => form.row(random, store))
  const spoiled = cells.map((row) => (random.chance(0.1) ? spoiledRow(random, row) : row))
  const header = random.chance(0.1) ? spoiledRow(random, form.header) : form.header
  const delimiter = random.chance(0.8) ? ',' : random.pick([';', '\t', '|', ':'])
  const lineEnd = random.chance(0.8) ? '\n' : random.pick(['\r\n', '\r', '\n\n'])
  const lines = [header, ...spoiled].map((row) => row.map((cell) => quoted(cell, delimiter)).join(delimiter))
  const text = `${lines.join(lineEnd)}${random.chance(0.9) ? lineEnd : ''}`
  const encoded = encode(random, text)
  const bytes = random.chance(0.3) ? mutated(random, encoded) : encoded
  const extension = random.chance(0.3) ? '.csv.gz' : '.csv'
  return {
    bucket: random.pick(fuzzBuckets),
    key: `${store}/${nameOf(random, number)}${extension}`,
    content: compress(random, bytes, extension)
  }
}

/** Names that a bucket may have; all of them different. */
function nameOf(random: Random, number: number): string {
  const odd = random.pick(['a b', 'a+b', '100%', 'é', '日本', 'a&b=c', "o'clock", '..x', 'deep/er', '(1)'])
  return random.chance(0.8) ? `${number}` : `${odd}-${number}`
}

function spoiledRow(random: Random, row: readonly string[]): string[] {
  const changed = [...row]
  const at = random.below(changed.length)
  const how = random.below(6)
  if (how === 0) changed.splice(at, 1)
  else if (how === 1) changed.splice(at, 0, random.pick(wildTexts))
  else if (how === 2 && random.chance(0.05)) changed[at] = 'y'.repeat(1_200_000)
  else if (how === 3) changed[at] = mutated(random, Buffer.from(changed[at] ?? '')).toString('latin1')
  else changed[at] = random.pick(wildTexts)
  return changed
}

function quoted(cell: string, delimiter: string): string {
  return /["\n\r]/.test(cell) || cell.includes(delimiter) ? `"${cell.replaceAll('"', '""')}"` : cell
}

function encode(random: Random, text: string): Buffer {
  if (random.chance(0.8)) return Buffer.from(text, 'utf8')
  return random.pick([
    () => Buffer.from(`\ufeff${text}`, 'utf8'),
    () => Buffer.from(text, 'latin1'),
    () => Buffer.from(`\ufeff${text}`, 'utf16le'),
    () => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
    () => Buffer.from(text, 'utf16le'),
    // an odd number of bytes
    () => Buffer.from(`\ufeff${text}`, 'utf16le').subarray(0, -1)
  ])()
}

function compress(random: Random, bytes: Buffer, extension: string): Buffer {
  if (random.chance(0.01)) return Buffer.alloc(0)
  if (random.chance(0.01)) return randomBytes(random, random.below(4_000))
  // what a name says and what a file is are two things
  const zipped = extension === '.csv.gz' ? random.chance(0.9) : random.chance(0.05)
  if (!zipped) return bytes
  // a bomb of blank lines, 64 MiB
  if (random.chance(0.01)) return gzipSync(Buffer.concat([bytes, Buffer.alloc(1 << 26, '\n')]))
  const once = gzipSync(bytes)
  if (random.chance(0.05)) return gzipSync(once)
  if (random.chance(0.05)) return Buffer.concat([once, once])
  return random.chance(0.2) ? mutated(random, once, 2) : once
}
