import { z } from 'zod'
import { json, keyValueStore, string } from '../../index.ts'
import { analysis, publication } from './analysis.ts'
import { ledgerKey, ledgerParts } from './ledger-key.ts'
import { AMOUNT_SCALE, amount, businessDay, country } from './model.ts'
import { poissonTail } from './poisson-tail.ts'
import { slices, slicesUnder } from './slices.ts'
import type { StoreSale } from './store-sale.ts'

const shortDays = 7
const longDays = 28
const dayMs = 86_400_000
/** How long a new delivery takes, for the risk. */
const deliveryDays = 7

/** What a store was sent of a SKU, all in all. */
export const Sent = z.object({ sku: z.string(), units: amount })
export type Sent = z.infer<typeof Sent>

/** How fast a SKU sells in a store, and how long its stock lasts. Keyed by `country/storeId/sku`. */
export const Velocity = z.object({
  country,
  storeId: z.string(),
  sku: z.string(),
  /** The latest day on which the store sold anything; the figures are of the days up to it. */
  day: businessDay,
  /** Sold less returned, in 7 and in 28 days. */
  units7: amount,
  units28: amount,
  /** What the store was sent, less what it sold; null where that is not known: nothing was sent, more was sold, or it is beyond 2^53. */
  onHand: amount.nullable(),
  /** How long the stock lasts at the speed of the 28 days; null where that cannot be told. */
  daysOfCover: z.number().nullable(),
  /** The probability that more is asked for within a week than there is, if demand is random (Poisson) with the mean of the 28 days. */
  stockOutRisk: z.number().nullable()
})
export type Velocity = z.infer<typeof Velocity>

/** What moves the analysis: a sale, or what the store was sent. Keyed by `country/storeId`. */
export type StockEvent =
  | { readonly kind: 'sale'; readonly sale: StoreSale }
  | { readonly kind: 'sent'; readonly sent: Sent }

const StoreSkuDay = z.object({ rows: z.int(), units: amount })
/** By `country/storeId/day/sku`, so that the last days of a store are side by side. */
export const storeSkuDaysStore = keyValueStore({
  name: 'store-sku-days',
  key: string(),
  value: json(StoreSkuDay),
  cached: true
})
const Stock = z.object({ sent: amount, sold: amount })
/** By `country/storeId/sku`. */
export const stockStore = keyValueStore({ name: 'stock', key: string(), value: json(Stock), cached: true })
export const velocities = publication('velocity', json(Velocity))

/** Velocity of the SKUs that a store sold in the last 28 days or was ever sent. */
export const velocity = analysis<StockEvent, Velocity>(velocities, (context) => {
  const days = context.store(storeSkuDaysStore)
  const stock = context.store(stockStore)
  return {
    take(event, store, timestamp) {
      const { sku } = event.kind === 'sale' ? event.sale : event.sent
      const key = `${store}/${ledgerKey(sku)}`
      const { sent, sold } = stock.get(key) ?? { sent: 0, sold: 0 }
      const after =
        event.kind === 'sale' ? { sent, sold: sold + event.sale.units } : { sent: event.sent.units, sold }
      stock.put(key, after.sent === 0 && after.sold === 0 ? null : after, timestamp)
      if (event.kind === 'sale') {
        const { day, rows, units } = event.sale
        const at = `${store}/${ledgerKey(day, sku)}`
        const before = days.get(at)
        const total = { rows: (before?.rows ?? 0) + rows, units: (before?.units ?? 0) + units }
        days.put(at, total.rows === 0 && total.units === 0 ? null : total, timestamp)
      }
      return store
    },
    *rows(store) {
      const [country = '', storeId = ''] = ledgerParts(store)
      const day = lastDay(days.reverseRange(`${store}/`, `${store}0`))
      if (day === undefined) return
      const from = (count: number) => isoDay(Date.parse(day) - (count - 1) * dayMs)
      const [shortFrom, longFrom] = [from(shortDays), from(longDays)]
      const sold = new Map<string, { units7: number; units28: number }>()
      for (const slice of slices(days, `${store}/${longFrom}`, `${store}0`)) {
        for (const { key, value } of slice) {
          const [, , soldOn = '', sku = ''] = ledgerParts(key)
          const { units7, units28 } = sold.get(sku) ?? nothingSold
          const recent = soldOn >= shortFrom ? value.units : 0
          sold.set(sku, { units7: units7 + recent, units28: units28 + value.units })
        }
        yield slice.length
      }
      const onHand = new Map<string, number>()
      for (const slice of slicesUnder(stock, store)) {
        for (const { key, value } of slice)
          if (value.sent !== 0) onHand.set(ledgerParts(key)[2] ?? '', value.sent - value.sold)
        yield slice.length
      }
      for (const sku of new Set([...sold.keys(), ...onHand.keys()])) {
        const units = sold.get(sku) ?? nothingSold
        const row = { country, storeId, sku, day, ...units, ...cover(onHand.get(sku), units.units28) }
        yield [`${store}/${ledgerKey(sku)}`, row]
      }
    }
  }
})

/** How fast a SKU sells in all stores of a country. Keyed by `country/sku`. */
export const SkuVelocity = Velocity.pick({ units7: true, units28: true })
export type SkuVelocity = z.infer<typeof SkuVelocity>

const nothingSold = { units7: 0, units28: 0 } as const

function cover(
  onHand: number | undefined,
  units28: number
): Pick<Velocity, 'onHand' | 'daysOfCover' | 'stockOutRisk'> {
  if (onHand === undefined || onHand < 0 || onHand > Number.MAX_SAFE_INTEGER)
    return { onHand: null, daysOfCover: null, stockOutRisk: null }
  const perDay = Math.max(0, units28) / longDays
  const daysOfCover = perDay === 0 ? null : onHand / perDay
  const expected = (perDay * deliveryDays) / AMOUNT_SCALE
  return { onHand, daysOfCover, stockOutRisk: poissonTail(expected, Math.floor(onHand / AMOUNT_SCALE)) }
}

/** Of the last entry. */
function lastDay(entries: IterableIterator<{ readonly key: string }>): string | undefined {
  for (const { key } of entries) return ledgerParts(key)[2]
  return undefined
}

function isoDay(time: number): string {
  return new Date(time).toISOString().slice(0, 'yyyy-mm-dd'.length)
}
