import type { TableMapping } from '../../index.ts'
import { formatAmount } from '../../processors/retail/format-amount.ts'
import type {
  FileMetadata,
  LineItem,
  ProfitAndLoss,
  SkuDay,
  StoreDay,
  Totals
} from '../../processors/retail/model.ts'

/*
 * How records become rows. Columns and keys are those of the migrations.
 */

const totalColumns = { rows: 'bigint', units: 'numeric', sales: 'numeric', cost: 'numeric' } as const

function totals({ rows, units, sales, cost }: Totals): Record<string, unknown> {
  return { rows, units: formatAmount(units), sales: formatAmount(sales), cost: formatAmount(cost) }
}

export const filesTable: TableMapping<string, FileMetadata> = {
  table: 'files',
  columns: {
    file: 'text',
    country: 'text',
    store_id: 'text',
    store_category: 'text',
    chain: 'text',
    size_bytes: 'bigint',
    etag: 'text',
    state: 'text',
    rows: 'bigint',
    reason: 'text'
  },
  key: ['file'],
  row: (file, key) => ({
    file: key,
    country: file.country,
    store_id: file.storeId,
    store_category: file.storeCategory,
    chain: file.chain,
    size_bytes: file.sizeBytes,
    etag: file.etag,
    state: file.state,
    rows: file.rows,
    reason: file.reason
  })
}

export const lineItemsTable: TableMapping<string, LineItem> = {
  table: 'line_items',
  columns: {
    file: 'text',
    row: 'integer',
    country: 'text',
    store_id: 'text',
    sku: 'text',
    business_day: 'date',
    customer_id: 'text',
    promotion_id: 'text',
    units: 'numeric',
    sales: 'numeric',
    cost: 'numeric',
    product_name: 'text',
    brand: 'text',
    category: 'text'
  },
  key: ['file', 'row'],
  row: (item) => ({
    file: item.file,
    row: item.row,
    country: item.country,
    store_id: item.storeId,
    sku: item.sku,
    business_day: item.businessDay,
    customer_id: item.customerId,
    promotion_id: item.promotionId,
    units: formatAmount(item.units),
    sales: formatAmount(item.sales),
    cost: formatAmount(item.cost),
    product_name: item.productName,
    brand: item.brand,
    category: item.category
  })
}

export const storeDaysTable: TableMapping<string, StoreDay> = {
  table: 'store_days',
  columns: { country: 'text', store_id: 'text', business_day: 'date', ...totalColumns },
  key: ['country', 'store_id', 'business_day'],
  row: (day) => ({ country: day.country, store_id: day.storeId, business_day: day.day, ...totals(day) })
}

export const skuDaysTable: TableMapping<string, SkuDay> = {
  table: 'sku_days',
  columns: { country: 'text', sku: 'text', business_day: 'date', ...totalColumns },
  key: ['country', 'sku', 'business_day'],
  row: (day) => ({ country: day.country, sku: day.sku, business_day: day.day, ...totals(day) })
}

export const profitAndLossTable: TableMapping<string, ProfitAndLoss> = {
  table: 'daily_profit_and_loss',
  columns: { country: 'text', business_day: 'date', ...totalColumns, margin: 'numeric' },
  key: ['country', 'business_day'],
  row: (day) => ({
    country: day.country,
    business_day: day.day,
    ...totals(day),
    margin: formatAmount(day.margin)
  })
}
