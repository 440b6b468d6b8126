import { json, string, topic } from '../../index.ts'
import {
  FileMetadata,
  LineItem,
  Product,
  ProfitAndLoss,
  RejectedRow,
  SkuDay,
  SkuSales,
  Store,
  StoreDay
} from '../../processors/retail/model.ts'

/*
 * Every topic of the retail system. All keep their records for ever (topic()'s default): the data may be decades old.
 */

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
/** Enriched sales, by `country/sku`. */
export const lineItems = topic('retail.line-items', { key: string(), value: json(LineItem) })
/** Rows that could not become sales, by `file#row`. */
export const rejectedRows = topic('retail.dead-letters.rows', { key: string(), value: json(RejectedRow) })
/** By `country/storeId/day`. */
export const storeDays = topic('retail.store-days', {
  key: string(),
  value: json(StoreDay),
  cleanupPolicy: 'compact'
})
/** By `country/sku/day`. */
export const skuDays = topic('retail.sku-days', {
  key: string(),
  value: json(SkuDay),
  cleanupPolicy: 'compact'
})
/** The search documents, by `country/sku`. */
export const skuSales = topic('retail.sku-sales', {
  key: string(),
  value: json(SkuSales),
  cleanupPolicy: 'compact'
})
/** Finance: daily profit and loss per country, by `country/day`. */
export const profitAndLoss = topic('finance.daily-profit-and-loss', {
  key: string(),
  value: json(ProfitAndLoss),
  cleanupPolicy: 'compact'
})
