import { z } from 'zod'

/**
 * Money is whole ten-thousandths of the currency's unit (1.25 is 12500), so that sums are exact; FoodMart's costs have four decimals.
 */
export const amount = z.int()
export const AMOUNT_SCALE = 10_000

export const country = z.string().regex(/^[A-Z]{2}$/, 'a country is two capital letters (ISO 3166-1 alpha-2)')
/**
 * Kafka's timestamps begin with 1970. The last day keeps what goes on month by month from growing without end for one wrong year.
 */
const [firstDay, lastDay] = ['1970-01-01', '2099-12-31']
export const businessDay = z.iso
  .date()
  .refine((day) => day >= firstDay && day <= lastDay, `a day is from ${firstDay} to ${lastDay}`)
const storeCategory = z.enum(['individual', 'chain'])
export const currency = z.string().regex(/^[A-Z]{3}$/, 'a currency is three capital letters (ISO 4217)')

/** What is known of a file, and how far its reading has come. Keyed by `bucket/object`. */
export const FileMetadata = z.object({
  bucket: z.string(),
  object: z.string(),
  country,
  storeId: z.string(),
  storeCategory,
  /** Name of the chain, null for an individual store. */
  chain: z.string().nullable(),
  /** Of the object as it was last seen. */
  sizeBytes: z.int(),
  etag: z.string(),
  /** Null where the bucket keeps no versions. */
  versionId: z.string().nullable(),
  /** Of the rows that stand in the raw topic. Counts the versions that were read, from 1; 0 before the first. */
  revision: z.int(),
  /** `rejected` and `removed` do not say that no rows stand: a correction that is rejected, for one, leaves those of the former version. */
  state: z.enum(['announced', 'reading', 'done', 'rejected', 'removed']),
  /** Data rows of that revision which are in the raw topic and not taken back; null before any was read. */
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
  listPrice: amount,
  /** What one unit costs the retailer; null where it is not known. Used where a file states no cost. */
  unitCost: amount.nullable().default(null)
})
export type Product = z.infer<typeof Product>

/** Keyed by `country/promotionId`. */
export const Promotion = z.object({
  country,
  promotionId: z.string().min(1),
  name: z.string(),
  media: z.string(),
  cost: amount,
  firstDay: businessDay.nullable(),
  lastDay: businessDay.nullable()
})
export type Promotion = z.infer<typeof Promotion>

/**
 * An expense of a store, booked on a day, in the currency in which the store sells: the ingest refuses any other. Keyed by
 * `country/storeId/account/day`, so that a corrected figure replaces the former one.
 */
export const Expense = z.object({
  country,
  storeId: z.string().min(1),
  account: z.string().min(1),
  day: businessDay,
  currency,
  amount
})
export type Expense = z.infer<typeof Expense>

/**
 * What a store ordered of a SKU and was sent, on a day: stock is what was sent, less what was sold. Keyed by `country/storeId/sku/day`, so that a
 * corrected figure replaces the former one.
 */
export const Delivery = z.object({
  country,
  storeId: z.string().min(1),
  sku: z.string().min(1),
  day: businessDay,
  /** Ten-thousandths, as in sales. */
  unitsOrdered: amount,
  unitsShipped: amount
})
export type Delivery = z.infer<typeof Delivery>

/** Exchange rates are whole hundred-millionths: 0.11 is 11000000. */
export const RATE_SCALE = 100_000_000
/**
 * What one unit of a currency is worth in the reporting currency, from the record's timestamp on until the next one. Keyed by the currency.
 */
export const ExchangeRate = z.object({ currency, rate: z.int().positive() })
export type ExchangeRate = z.infer<typeof ExchangeRate>

/** 1: the row is added; -1: it is taken back. */
const contribution = z.union([z.literal(1), z.literal(-1)])

/**
 * One line item as its file has it, as a *signed contribution*: `rows` is 1, or -1 where a corrected file takes the row back, and units and
 * amounts are multiplied by it already, so whoever sums needs no case. `file`, `revision` and `row` (1 is the first data row) are its natural key.
 */
export const Sale = z.object({
  file: z.string(),
  revision: z.int().positive(),
  row: z.int().positive(),
  rows: contribution,
  country,
  storeId: z.string().min(1),
  sku: z.string().min(1),
  /** `charge`: postage, fees, vouchers and other codes that are no product. */
  productKind: z.enum(['product', 'charge']),
  kind: z.enum(['sale', 'return']),
  /** The customer's country as the file names it; the store's country where the file names none. */
  market: z.string().min(1),
  invoice: z.string().nullable(),
  businessDay,
  customerId: z.string().nullable(),
  promotionId: z.string().nullable(),
  description: z.string().nullable(),
  currency,
  units: amount,
  /** What was paid, discount taken off: negative for a return. */
  sales: amount,
  discount: amount,
  /** Null: the file states none. */
  cost: amount.nullable()
})
export type Sale = z.infer<typeof Sale>

/** A row that could not become a sale. */
export const RejectedRow = z.object({
  file: z.string(),
  revision: z.int(),
  row: z.int(),
  /** How many rows it stands for: 1, or -1 where they are taken back; more for a chunk that cannot be read at all. */
  rows: z.int(),
  country,
  storeId: z.string(),
  market: z.string(),
  /** What its amounts say, signed like a sale's; 0 where they cannot be read. */
  net: amount,
  reason: z.string(),
  text: z.string()
})
export type RejectedRow = z.infer<typeof RejectedRow>

/** A sale with what the reference tables say. What they do not know is null: no sale is lost for want of a product. */
export const LineItem = Sale.extend({
  storeName: z.string().nullable(),
  city: z.string().nullable(),
  storeCategory: storeCategory.nullable(),
  chain: z.string().nullable(),
  promotionName: z.string().nullable(),
  productName: z.string().nullable(),
  brand: z.string().nullable(),
  category: z.string().nullable(),
  subcategory: z.string().nullable(),
  listPrice: amount.nullable(),
  /**
   * What one unit of its currency was worth in the reporting currency when its day began, in parts of RATE_SCALE; null: no rate was in force, as
   * far as was known. A rate that becomes known later is not told here but in finance, which restates its days.
   */
  exchangeRate: z.int().positive().nullable()
})
export type LineItem = z.infer<typeof LineItem>
