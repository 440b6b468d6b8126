import { z } from 'zod'
import { amount, businessDay, country, currency, LineItem } from './model.ts'

/*
 * The ledgers: sums over signed line items, by the store's local business day. They are never windowed, so a row counts however late its file comes.
 */

/** `net` = `gross` - `returns` - `discount`. */
export const Totals = z.object({
  rows: z.int(),
  /** Of products; charges have none. */
  units: amount,
  gross: amount,
  returns: amount,
  discount: amount,
  net: amount,
  /** The part of `net` that comes from charges: postage, fees, vouchers. */
  charges: amount,
  /** Of the rows whose cost is known. */
  cost: amount,
  /** Rows of products whose cost is not known. While there are any, there is no margin. */
  uncosted: z.int()
})
export type Totals = z.infer<typeof Totals>

/** `net` - `cost`; null while the cost of a row is not known. */
const margin = amount.nullable()

/** What a store sold on one of its business days. Keyed by `country/storeId/day`. */
export const StoreDay = Totals.extend({ country, storeId: z.string(), day: businessDay, currency, margin })
export type StoreDay = z.infer<typeof StoreDay>

/** The same for each of the countries its customers come from. Keyed by `country/storeId/market/day`. */
export const StoreMarketDay = Totals.extend({
  country,
  storeId: z.string(),
  market: z.string(),
  day: businessDay,
  currency
})
export type StoreMarketDay = z.infer<typeof StoreMarketDay>

/** What the stores of a country sold of a SKU to a market on a day. Keyed by `country/sku/market/day`. */
export const SkuDay = Totals.extend({
  country,
  sku: z.string(),
  market: z.string(),
  day: businessDay,
  productKind: z.enum(['product', 'charge']),
  margin
})
export type SkuDay = z.infer<typeof SkuDay>

/** What they sold of a category. Keyed by `country/category/market/day`; a product that changes its category takes its days along. */
export const CategoryDay = Totals.extend({
  country,
  category: z.string(),
  market: z.string(),
  day: businessDay,
  margin
})
export type CategoryDay = z.infer<typeof CategoryDay>

/** What one store sold of a SKU. */
export const StoreShare = Totals.pick({ rows: true, units: true, net: true })
export type StoreShare = z.infer<typeof StoreShare>

/** The rows of `rows` that are charges. One code may be a product in one file and a charge in another. */
const chargeRows = z.int()

/** A store's share as it is kept. */
export const KeptShare = StoreShare.extend({ charges: amount, chargeRows })
export type KeptShare = z.infer<typeof KeptShare>

/** What was sold of a SKU, all in all. Keyed by `country/sku`. */
export const SkuTotals = Totals.extend({
  country,
  sku: z.string(),
  /** A charge if all its rows are. */
  productKind: z.enum(['product', 'charge']),
  chargeRows,
  /** The latest that a file gives of the product; of the charge only while there is no product. */
  description: z.string().nullable(),
  /** Does not go back when a corrected file takes its rows away; the SKU days do. */
  lastSold: businessDay
})
export type SkuTotals = z.infer<typeof SkuTotals>

/** A SKU as the search shows it: what it is, and what was sold of it. Keyed by `country/sku`. */
export const SkuSales = SkuTotals.omit({ description: true, chargeRows: true }).extend({
  name: z.string().nullable(),
  brand: z.string().nullable(),
  category: z.string().nullable(),
  subcategory: z.string().nullable(),
  listPrice: amount.nullable(),
  /** Sold less returned in 7 and in 28 days, by each store's calendar; see `Velocity`. */
  units7: amount,
  units28: amount,
  /** By the customers' countries: the first 1,000 in the order of their names, then all others together under an empty one. They add up to the whole. */
  markets: z.array(Totals.extend({ market: z.string() })),
  /** By the stores that sold it, likewise. */
  stores: z.array(StoreShare.extend({ storeId: z.string() }))
})
export type SkuSales = z.infer<typeof SkuSales>

/** What the ledgers of stores need of a line item. */
export const StoreItem = LineItem.pick({
  file: true,
  revision: true,
  rows: true,
  country: true,
  storeId: true,
  market: true,
  businessDay: true,
  kind: true,
  productKind: true,
  currency: true,
  units: true,
  sales: true,
  discount: true,
  cost: true
})
export type StoreItem = z.infer<typeof StoreItem>

export function storeItem(item: LineItem): StoreItem {
  const { file, revision, rows, country, storeId, market, businessDay } = item
  const { kind, productKind, currency, units, sales, discount, cost } = item
  return {
    file,
    revision,
    rows,
    country,
    storeId,
    market,
    businessDay,
    kind,
    productKind,
    currency,
    units,
    sales,
    discount,
    cost
  }
}
