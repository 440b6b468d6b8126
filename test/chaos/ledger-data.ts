import { gzipSync } from 'node:zlib'
import type { Random } from './random.ts'

/** What a version of a file holds; money is whole ten-thousandths. */
export interface LedgerRow {
  readonly text: string
  /** Undefined: it can be no sale. */
  readonly sale: { readonly day: string; readonly sku: string } | undefined
  readonly market: string
  readonly net: bigint
}

export interface LedgerFile {
  readonly bucket: string
  readonly key: string
  readonly country: string
  readonly storeId: string
  /** The corrected ones follow the first. */
  readonly versions: readonly (readonly LedgerRow[])[]
}

/** What a feeder does next. */
export type FeedStep =
  | { readonly kind: 'put'; readonly file: LedgerFile; readonly version: number }
  /** Says so many times that the version was stored, which may be an old one by then. */
  | {
      readonly kind: 'announce'
      readonly file: LedgerFile
      readonly version: number
      readonly times: number
    }

export interface LedgerData {
  readonly files: readonly LedgerFile[]
  /** By `bucket/key`: what must be there before all else. */
  readonly references: ReadonlyMap<string, string>
  readonly steps: readonly FeedStep[]
}

export const ledgerCountries = ['DE', 'GB', 'US'] as const
export const bucketOfCountry = (country: string): string => `sku-${country.toLowerCase()}`

const storesPerCountry = 2
const days = ['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02', '2026-03-03', '2026-03-04'] as const
const skus = Array.from({ length: 40 }, (_, i) => `S${100 + i}`)
const markets = ['', '', '', 'France', 'Norway', 'EIRE'] as const
const header =
  'sold_at,sku,quantity,amount,kind,product_kind,invoice,customer_country,description,discount,cost'
/** So large that a process is killed in the middle of it now and then. */
const largeRows = 12_000

/**
 * Sales of three countries in our own dialect: returns, charges, exact duplicates and broken rows among them; some files compressed, some
 * large, some corrected once or twice; announced once, several times, late, or not at all.
 */
export function makeLedgerData(random: Random): LedgerData {
  const files: LedgerFile[] = []
  for (const country of ledgerCountries)
    for (let store = 1; store <= storesPerCountry; store++)
      for (const [index, day] of days.entries()) {
        const large = store === 1 && index === ledgerCountries.indexOf(country) + 1
        const corrections = large || random.chance(0.25) ? 1 + random.below(2) : 0
        const key = `${store}/${day}.csv${random.chance(0.4) ? '.gz' : ''}`
        const first = rowsOf(random, country, day, large ? largeRows : 50 + random.below(400))
        const versions = [first]
        for (let i = 0; i < corrections; i++)
          versions.push(corrected(random, country, day, versions.at(-1) ?? first))
        files.push({ bucket: bucketOfCountry(country), key, country, storeId: String(store), versions })
      }
  return { files, references: references(), steps: stepsOf(random, files) }
}

/** By the products' reference files. */
export function categoryOf(sku: string): string {
  return `Category ${skus.indexOf(sku) % 7}`
}

/** The file as it is stored. */
export function contentOf({ key, versions }: LedgerFile, version: number): Buffer {
  const rows = versions[version] ?? []
  const csv = Buffer.from(`${header}\n${rows.map(({ text }) => `${text}\n`).join('')}`, 'utf8')
  return key.endsWith('.gz') ? gzipSync(csv) : csv
}

function rowsOf(random: Random, country: string, day: string, count: number): LedgerRow[] {
  const rows: LedgerRow[] = []
  while (rows.length < count) {
    const row = rowOf(random, country, day)
    rows.push(row)
    if (random.chance(0.03)) rows.push(row)
  }
  return rows
}

/** Some rows gone, some changed, some added. */
function corrected(random: Random, country: string, day: string, rows: readonly LedgerRow[]): LedgerRow[] {
  const kept = rows
    .filter(() => !random.chance(0.1))
    .map((row) => (random.chance(0.2) ? rowOf(random, country, day) : row))
  return [...kept, ...rowsOf(random, country, day, 20)]
}

function rowOf(random: Random, country: string, day: string): LedgerRow {
  const named = random.pick(markets)
  const market = named || country
  const sku = random.pick(skus)
  const quantity = 1 + random.below(6)
  const sign = random.chance(0.08) ? -1 : 1
  const net = BigInt(sign * quantity) * BigInt(1 + random.below(250_000))
  const amount = decimal(net)
  const invoice = `I${random.below(100_000)}`
  const rest = `${named},"Item ""${sku}"", boxed",${decimal(BigInt(random.below(9_000)))},`
  const dice = random.below(100)
  if (dice === 0)
    return {
      text: `${day},${sku},${quantity},${amount}x,,,${invoice},${rest}`,
      sale: undefined,
      market,
      net: 0n
    }
  // its money can be read, so that it is in the dead letters
  if (dice === 1)
    return { text: `someday,${sku},${quantity},${amount},,,${invoice},${rest}`, sale: undefined, market, net }
  const productKind = dice === 2 ? 'charge' : ''
  const text = `${day}T10:${String(10 + random.below(50))}:00,${sku},${sign * quantity},${amount},,${productKind},${invoice},${rest}`
  return { text, sale: { day, sku }, market, net }
}

function decimal(amount: bigint): string {
  const positive = amount < 0n ? -amount : amount
  return `${amount < 0n ? '-' : ''}${positive / 10_000n}.${String(positive % 10_000n).padStart(4, '0')}`
}

function references(): ReadonlyMap<string, string> {
  const products = skus
    .map((sku) => `${sku},Item ${sku},Brand,${categoryOf(sku)},Subcategory,9.9900,4.1250\n`)
    .join('')
  const all = new Map<string, string>()
  for (const country of ledgerCountries)
    all.set(
      `${bucketOfCountry(country)}/reference/products.csv`,
      `sku,name,brand,category,subcategory,list_price,unit_cost\n${products}`
    )
  all.set(
    `${bucketOfCountry('GB')}/reference/rates.csv`,
    'currency,rate,valid_from\nGBP,1.25,2020-01-01\nEUR,1.0825,2020-01-01\n'
  )
  return all
}

/** First versions in any order; corrections some steps after what they correct; announcements right after, and some late and again. */
function stepsOf(random: Random, files: readonly LedgerFile[]): FeedStep[] {
  const timed: { readonly at: number; readonly steps: readonly FeedStep[] }[] = []
  for (const file of files)
    for (const version of file.versions.keys()) {
      const at = (version + random.below(1_000) / 1_000) / 3
      const put: FeedStep = { kind: 'put', file, version }
      const announce = (times: number): FeedStep => ({ kind: 'announce', file, version, times })
      // what is never announced is left to the scan
      const now = random.chance(0.75) ? [announce(random.chance(0.4) ? 2 + random.below(4) : 1)] : []
      timed.push({ at, steps: [put, ...now] })
      if (random.chance(0.3)) timed.push({ at: at + 0.05 + random.below(500) / 1_000, steps: [announce(2)] })
    }
  return timed.sort((a, b) => a.at - b.at).flatMap(({ steps }) => steps)
}
