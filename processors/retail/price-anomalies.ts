import { z } from 'zod'
import { json, keyValueStore, string } from '../../index.ts'
import { analysis, publication } from './analysis.ts'
import { ledgerKey, ledgerParts } from './ledger-key.ts'
import { AMOUNT_SCALE, amount, country, type LineItem } from './model.ts'
import { slicesUnder } from './slices.ts'

/** Fewer rows than this tell nothing about a SKU's price. */
const fewestRows = 10
/** Scores beyond it are anomalies, as Iglewicz and Hoaglin (1993) recommend. */
const largestScore = 3.5
/** Make the scores comparable with standard deviations: 1 over the third quartile of the normal distribution, and the root of pi / 2. */
const madScale = 1.4826022185056018
const meanScale = 1.2533141373155001

/** A price at which a SKU was sold, far from its usual one. Keyed by `country/sku/price`. */
export const PriceAnomaly = z.object({
  country,
  sku: z.string(),
  /** Of one unit, before discounts, to the nearest ten-thousandth. */
  price: amount,
  /** Line items at this price, and all of the SKU. */
  rows: z.int(),
  rowsOfSku: z.int(),
  /** Between two prices where the rows are even. */
  median: z.number(),
  /** The median of the distances from the median. */
  mad: z.number(),
  /** How far the price is from the median, in robust standard deviations; negative below it. */
  score: z.number()
})
export type PriceAnomaly = z.infer<typeof PriceAnomaly>

/** Line items at a price, by `country/sku/price`. Bounded by the prices that there are, not by the rows. */
export const priceRowsStore = keyValueStore({
  name: 'price-rows',
  key: string(),
  value: json(z.int()),
  cached: true
})
export const anomalies = publication('price-anomalies', json(PriceAnomaly))

/**
 * Prices that are far from the median of their SKU in a country, measured in median absolute deviations; where more than half of the rows have one
 * price, so that there is no such deviation, in mean ones. The line items at such a price are found by it.
 */
export const priceAnomalies = analysis<LineItem, PriceAnomaly>(anomalies, (context) => {
  const store = context.store(priceRowsStore)
  return {
    take(item, _, timestamp) {
      const { country, sku, units, sales, discount, rows } = item
      if (item.productKind !== 'product' || item.kind !== 'sale' || units === 0) return null
      const group = ledgerKey(country, sku)
      const key = `${group}/${Math.round(((sales + discount) * AMOUNT_SCALE) / units)}`
      const after = (store.get(key) ?? 0) + rows
      store.put(key, after === 0 ? null : after, timestamp)
      return group
    },
    *rows(group) {
      const [country = '', sku = ''] = ledgerParts(group)
      const prices: Weighted[] = []
      for (const slice of slicesUnder(store, group)) {
        for (const { key, value } of slice) prices.push({ value: Number(ledgerParts(key)[2]), rows: value })
        yield slice.length
      }
      for (const { price, rows, ...figures } of outliers(prices))
        yield [`${group}/${price}`, { country, sku, price, rows, ...figures }]
    }
  }
})

interface Weighted {
  readonly value: number
  readonly rows: number
}

function outliers(prices: readonly Weighted[]): Omit<PriceAnomaly, 'country' | 'sku'>[] {
  const rowsOfSku = prices.reduce((sum, { rows }) => sum + rows, 0)
  // rows taken back that were never added would leave less than nothing for a moment
  if (rowsOfSku < fewestRows || prices.length < 2 || prices.some(({ rows }) => rows < 0)) return []
  const median = weightedMedian(prices, rowsOfSku)
  const distances = prices.map(({ value, rows }) => ({ value: Math.abs(value - median), rows }))
  const mad = weightedMedian(distances, rowsOfSku)
  const mean = distances.reduce((sum, { value, rows }) => sum + value * rows, 0) / rowsOfSku
  const deviation = mad > 0 ? madScale * mad : meanScale * mean
  return prices
    .map(({ value, rows }) => ({
      price: value,
      rows,
      rowsOfSku,
      median,
      mad,
      score: (value - median) / deviation
    }))
    .filter(({ score }) => Math.abs(score) > largestScore)
}

/** The median of values that come in several rows each. */
function weightedMedian(values: readonly Weighted[], total: number): number {
  const sorted = [...values].sort((a, b) => a.value - b.value)
  const at = (position: number): number => {
    let passed = 0
    for (const { value, rows } of sorted) {
      passed += rows
      if (position < passed) return value
    }
    return 0
  }
  return (at(Math.floor((total - 1) / 2)) + at(Math.floor(total / 2))) / 2
}
