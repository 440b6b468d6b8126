import { z } from 'zod'

/**
 * Money is whole ten-thousandths of the currency's unit (1.25 is 12500), so that sums are exact; FoodMart's costs have four decimals.
 */
const amount = z.int()
export const AMOUNT_SCALE = 10_000

export const country = z.string().regex(/^[A-Z]{2}$/, 'a country is two capital letters (ISO 3166-1 alpha-2)')
export const businessDay = z.iso.date()
const storeCategory = z.enum(['individual', 'chain'])

/** What is known of a file before it is read, and how far its reading has come. Keyed by `bucket/object`. */
export const FileMetadata = z.object({
  bucket: z.string(),
  object: z.string(),
  country,
  storeId: z.string(),
  storeCategory,
  /** Name of the chain, null for an individual store. */
  chain: z.string().nullable(),
  sizeBytes: z.int(),
  etag: z.string(),
  state: z.enum(['announced', 'done', 'rejected']),
  /** Data rows read, once done. */
  rows: z.int().nullable(),
  /** Why it was rejected. */
  reason: z.string().nullable()
})
export type FileMetadata = z.infer<typeof FileMetadata>

/** Keyed by `country/storeId`. */
export const Store = z.object({
  country,
  storeId: z.string().min(1),
  name: z.string(),
  city: z.string(),
  region: z.string(),
  category: storeCategory,
  chain: z.string().nullable()
})
export type Store = z.infer<typeof Store>

/** Keyed by `country/sku`. */
export const Product = z.object({
  country,
  sku: z.string().min(1),
  name: z.string(),
  brand: z.string(),
  category: z.string(),
  subcategory: z.string(),
  listPrice: amount
})
export type Product = z.infer<typeof Product>

/** One line item as its file has it. `file` and `row` (1 is the first data row) are its natural key. */
export const Sale = z.object({
  file: z.string(),
  row: z.int().positive(),
  country,
  storeId: z.string().min(1),
  sku: z.string().min(1),
  businessDay,
  customerId: z.string().nullable(),
  promotionId: z.string().nullable(),
  units: amount,
  sales: amount,
  cost: amount
})
export type Sale = z.infer<typeof Sale>

/** A row that could not become a sale. */
export const RejectedRow = z.object({
  file: z.string(),
  row: z.int(),
  country,
  storeId: z.string(),
  reason: z.string(),
  text: z.string()
})
export type RejectedRow = z.infer<typeof RejectedRow>

/** A sale with what its store and product tables say. What they do not know is null: no sale is lost for want of a product. */
export const LineItem = Sale.extend({
  storeName: z.string().nullable(),
  city: z.string().nullable(),
  storeCategory: storeCategory.nullable(),
  chain: z.string().nullable(),
  productName: z.string().nullable(),
  brand: z.string().nullable(),
  category: z.string().nullable(),
  subcategory: z.string().nullable(),
  listPrice: amount.nullable()
})
export type LineItem = z.infer<typeof LineItem>

/** Sums over line items. */
export const Totals = z.object({ rows: z.int(), units: amount, sales: amount, cost: amount })
export type Totals = z.infer<typeof Totals>

/** What a store sold on one of its business days. Keyed by `country/storeId/day`. */
export const StoreDay = Totals.extend({ country, storeId: z.string(), day: businessDay })
export type StoreDay = z.infer<typeof StoreDay>

/** What a country sold of a SKU on a day. Keyed by `country/sku/day`. */
export const SkuDay = Totals.extend({ country, sku: z.string(), day: businessDay })
export type SkuDay = z.infer<typeof SkuDay>

/** A SKU as the search shows it: what it is, and what was sold of it in a country. Keyed by `country/sku`. */
export const SkuSales = Totals.extend({
  country,
  sku: z.string(),
  name: z.string().nullable(),
  brand: z.string().nullable(),
  category: z.string().nullable(),
  subcategory: z.string().nullable(),
  listPrice: amount.nullable(),
  lastSold: businessDay
})
export type SkuSales = z.infer<typeof SkuSales>

/** Daily profit and loss of a country. Keyed by `country/day`. */
export const ProfitAndLoss = Totals.extend({ country, day: businessDay, margin: amount })
export type ProfitAndLoss = z.infer<typeof ProfitAndLoss>
