/*
 * A deterministic stream of retail line items: both sides of a comparison read the same.
 *
 * Random numbers: xorshift32 on unsigned 32 bits, started from the seed. Record i (from 0) draws, in this order: store, SKU rank (Zipf-like,
 * p(rank) ~ rank^-0.75), country, quantity, return?, pence, jitter of the timestamp, category, broken? (in CSV only the quantity is "n/a").
 * 1,000,000 records span 10 hours of event time, a little out of order.
 */

export interface GeneratedLine {
  readonly key: string
  readonly value: string
  readonly timestamp: number
}

export interface LineOptions {
  readonly format: 'json' | 'csv'
  readonly records: number
  readonly seed?: number
}

const countries = ['GB', 'DE', 'FR', 'IE', 'ES', 'NL', 'BE', 'PT', 'IT', 'NO'] as const
const categories = ['chain', 'franchise', 'online', 'outlet'] as const
const first = ['WHITE', 'RED', 'VINTAGE', 'WOODEN', 'GLASS', 'CERAMIC', 'RUSTIC', 'FOLDING'] as const
const second = [
  'HANGING HEART',
  'METAL LANTERN',
  'UNION JACK',
  'RETROSPOT',
  'SPACEBOY',
  'PAISLEY PARK',
  'ALARM CLOCK',
  'JAM MAKING'
] as const
const third = [
  'T-LIGHT HOLDER',
  'CAKE STAND',
  'LUNCH BAG',
  'HOT WATER BOTTLE',
  'PENCIL CASE',
  'STORAGE JAR',
  'DOOR MAT',
  'GIFT WRAP ROLL'
] as const

const two32 = 4294967296

export function* lineItems({ format, records, seed = 42 }: LineOptions): Generator<GeneratedLine> {
  let x = seed | 0
  const next = (): number => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return x >>> 0
  }
  for (let i = 0; i < records; i++) {
    const key = `S${String(next() % 1000).padStart(4, '0')}`
    const u = next() / two32
    const rank = Math.floor(u * u * u * u * 5000)
    const v = next() / two32
    const country = countries[Math.floor(v * v * 10)]
    const amount = 1 + (next() % 12)
    const qty = next() % 50 === 0 ? -amount : amount
    const pence = 50 + (next() % 2000)
    const timestamp = 1_699_999_200_000 + 36 * i - (next() % 5000)
    const category = categories[next() % 4]
    const broken = next() % 1000 === 0
    const comma = rank % 4 === 0
    const sku = `${20000 + rank}${'ABCDEF'[rank % 6]}`
    const description = `${first[rank % 8]}${comma ? ', ' : ' '}${second[Math.floor(rank / 8) % 8]} ${third[Math.floor(rank / 64) % 8]}`
    const price = `${Math.floor(pence / 100)}.${String(pence % 100).padStart(2, '0')}`
    const invoice = 536365 + Math.floor(i / 10)
    const value =
      format === 'json'
        ? `{"country":"${country}","storeId":"${key}","sku":"${sku}","qty":${qty},"price":${price},"ts":${timestamp},"invoice":"${invoice}","category":"${category}","description":"${description}"}`
        : `${country},${key},${sku},${broken ? 'n/a' : qty},${price},${timestamp},${invoice},${category},${comma ? `"${description}"` : description}`
    yield { key, value, timestamp }
  }
}
