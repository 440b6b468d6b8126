import { json, string, topic } from '../../index.ts'
import { BasketPair } from '../../processors/retail/baskets.ts'
import { FileEvent } from '../../processors/retail/file-event.ts'
import { ProfitAndLoss } from '../../processors/retail/finance.ts'
import { CategoryDay, SkuDay, SkuSales, StoreDay } from '../../processors/retail/ledgers.ts'
import {
  Delivery,
  ExchangeRate,
  Expense,
  FileMetadata,
  LineItem,
  Product,
  Promotion,
  RejectedRow,
  Store
} from '../../processors/retail/model.ts'
import { PriceAnomaly } from '../../processors/retail/price-anomalies.ts'
import { MethodAccuracy, Projection } from '../../processors/retail/projections.ts'
import { Reconciliation, Tally } from '../../processors/retail/reconciliation.ts'
import { TopSku } from '../../processors/retail/top-skus.ts'
import { Velocity } from '../../processors/retail/velocity.ts'

/*
 * Every topic of the retail system. All keep their records for ever (topic()'s default): the data may be decades old.
 */

/** What happened to objects in the buckets, by bucket: what the ingest reads. At least once and in no certain order. */
export const fileEvents = topic('retail.file-events', { key: string(), value: json(FileEvent) })
/**
 * Notifications that could not be understood, as they came: the headers `reason` and `source` say more. And records of `retail.file-events` that are no
 * events, as the ingest's dead letters (`__streams.errors.*`).
 */
export const eventDeadLetters = topic('retail.dead-letters.events', { key: string(), value: string() })
/** Files and how far their reading has come, by `bucket/object`. */
export const files = topic('retail.files', {
  key: string(),
  value: json(FileMetadata),
  cleanupPolicy: 'compact'
})
/** Chunks of whole CSV rows, by `country/storeId`; the headers say which file, which columns and which rows. */
export const rawCsv = topic('retail.raw-csv', { key: string(), value: string() })
/** By `country/storeId`. */
export const stores = topic('retail.stores', { key: string(), value: json(Store), cleanupPolicy: 'compact' })
/** By `country/sku`. */
export const products = topic('retail.products', {
  key: string(),
  value: json(Product),
  cleanupPolicy: 'compact'
})
/** By `country/promotionId`. */
export const promotions = topic('retail.promotions', {
  key: string(),
  value: json(Promotion),
  cleanupPolicy: 'compact'
})
/** By `country/storeId/account/day`. */
export const expenses = topic('retail.expenses', {
  key: string(),
  value: json(Expense),
  cleanupPolicy: 'compact'
})
/** What stores were sent, by `country/storeId/sku/day`. */
export const inventory = topic('retail.inventory', {
  key: string(),
  value: json(Delivery),
  cleanupPolicy: 'compact'
})
/** By currency; a record's timestamp is when its rate comes into force. Not compacted: what was in force before is needed, too. */
export const rates = topic('retail.rates', { key: string(), value: json(ExchangeRate) })
/** Enriched sales, by `country/sku`. */
export const lineItems = topic('retail.line-items', { key: string(), value: json(LineItem) })
/** Rows that could not become sales, by `file#revision/row`. */
export const rejectedRows = topic('retail.dead-letters.rows', { key: string(), value: json(RejectedRow) })

/*
 * Ledgers. Keys are made and read by ledgerKey and ledgerParts. A key's country is that of the store, a market the customer's country as the files
 * name it. SKUs, categories and finance are kept by market, so that what was sold to a country can be found in each of them again; sums over markets
 * are left to whoever asks. The ledger of stores is the one without: it is what a till's roll is compared with.
 */

/** By `country/storeId/day`. */
export const storeDays = topic('retail.store-days', {
  key: string(),
  value: json(StoreDay),
  cleanupPolicy: 'compact'
})
/** By `country/sku/market/day`. */
export const skuDays = topic('retail.sku-days', {
  key: string(),
  value: json(SkuDay),
  cleanupPolicy: 'compact'
})
/** By `country/category/market/day`. */
export const categoryDays = topic('retail.category-days', {
  key: string(),
  value: json(CategoryDay),
  cleanupPolicy: 'compact'
})
/** The search documents, by `country/sku`. */
export const skuSales = topic('retail.sku-sales', {
  key: string(),
  value: json(SkuSales),
  cleanupPolicy: 'compact'
})

/*
 * Analyses.
 */

/** The top ten SKUs of stores and countries, by `country/storeId/by/rank`. */
export const topSkus = topic('analyses.top-skus', {
  key: string(),
  value: json(TopSku),
  cleanupPolicy: 'compact'
})

/** How fast SKUs sell and how long their stock lasts, by `country/storeId/sku`. */
export const velocity = topic('analyses.velocity', {
  key: string(),
  value: json(Velocity),
  cleanupPolicy: 'compact'
})
/** What is bought together, by `country/storeId/first/second`. */
export const basketPairs = topic('analyses.basket-pairs', {
  key: string(),
  value: json(BasketPair),
  cleanupPolicy: 'compact'
})
/** Prices far from the usual one, by `country/sku/price`. */
export const priceAnomalies = topic('analyses.price-anomalies', {
  key: string(),
  value: json(PriceAnomaly),
  cleanupPolicy: 'compact'
})
/** Monthly forecasts of stores and of categories, by `country/kind/name/month`. */
export const storeProjections = topic('projections.store-months', {
  key: string(),
  value: json(Projection),
  cleanupPolicy: 'compact'
})
export const categoryProjections = topic('projections.category-months', {
  key: string(),
  value: json(Projection),
  cleanupPolicy: 'compact'
})
/** What each method is worth for a series, by `country/accuracy/kind/name/method`. */
export const projectionAccuracy = topic('projections.accuracy', {
  key: string(),
  value: json(MethodAccuracy),
  cleanupPolicy: 'compact'
})

/*
 * Finance.
 */

/** Daily profit and loss, by `country/storeId/market/day`. */
export const profitAndLoss = topic('finance.daily-profit-and-loss', {
  key: string(),
  value: json(ProfitAndLoss),
  cleanupPolicy: 'compact'
})
/** Rows counted at each stage, by `file#revision`. */
export const rowCounts = topic('retail.row-counts', { key: string(), value: json(Tally) })
/** Files held against the ledgers, by `file#revision`. */
export const reconciliation = topic('finance.reconciliation', {
  key: string(),
  value: json(Reconciliation),
  cleanupPolicy: 'compact'
})
