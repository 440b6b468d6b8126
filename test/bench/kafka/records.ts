import { Random } from '../../kafka/random.ts'

export interface RawRecord {
  readonly key: Buffer
  readonly value: Buffer
}

const countries = ['de', 'fr', 'nl', 'pl', 'es', 'it', 'at', 'cz'] as const
const units = ['piece', 'kg', 'pack', 'bottle'] as const

/** Sales as JSON of about 180 B, always the same ones. */
export function sales(count: number): readonly RawRecord[] {
  const random = new Random(42)
  return Array.from({ length: count }, (_, index) => {
    const sku = `SKU-${String(random.below(50_000)).padStart(6, '0')}`
    const value = {
      sku,
      country: random.pick(countries),
      store: `store-${random.below(900)}`,
      quantity: 1 + random.below(40),
      unit: random.pick(units),
      price: random.below(100_000) / 100,
      receipt: `${random.below(1e9)}-${index}`,
      soldAt: new Date(1_700_000_000_000 + index * 997).toISOString(),
      clerk: `clerk-${random.below(5_000)}`
    }
    return { key: Buffer.from(sku), value: Buffer.from(JSON.stringify(value)) }
  })
}
