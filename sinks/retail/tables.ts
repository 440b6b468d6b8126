import type { TableMapping } from '../../index.ts'
import { formatAmount } from '../../processors/retail/format-amount.ts'
import { ledgerParts } from '../../processors/retail/ledger-key.ts'
import type { CategoryDay, SkuDay, SkuSales, StoreDay, Totals } from '../../processors/retail/ledgers.ts'
import { type FileMetadata, type LineItem, RATE_SCALE } from '../../processors/retail/model.ts'
import type { Count, Reconciliation } from '../../processors/retail/reconciliation.ts'

/*
 * How records become rows. Columns and keys are those of the migrations.
 */

const rateDecimals = 8

const totalColumns = {
  rows: 'bigint',
  units: 'numeric',
  gross: 'numeric',
  returns: 'numeric',
  discount: 'numeric',
  net: 'numeric',
  charges: 'numeric',
  cost: 'numeric',
  uncosted: 'bigint'
} as const

function totals(of: Totals): Record<keyof typeof totalColumns, unknown> {
  return {
    rows: of.rows,
    units: formatAmount(of.units),
    gross: formatAmount(of.gross),
    returns: formatAmount(of.returns),
    discount: formatAmount(of.discount),
    net: formatAmount(of.net),
    charges: formatAmount(of.charges),
    cost: formatAmount(of.cost),
    uncosted: of.uncosted
  }
}

export function optionalAmount(amount: number | null): string | null {
  return amount === null ? null : formatAmount(amount)
}

export function optionalRate(rate: number | null): string | null {
  return rate === null ? null : (rate / RATE_SCALE).toFixed(rateDecimals)
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
    version_id: 'text',
    revision: 'integer',
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
    version_id: file.versionId,
    revision: file.revision,
    state: file.state,
    rows: file.rows,
    reason: file.reason
  })
}

/** The rows as they stand: one that is taken back is deleted. */
export const lineItemsTable: TableMapping<string, LineItem> = {
  table: 'line_items',
  columns: {
    country: 'text',
    business_day: 'date',
    file: 'text',
    revision: 'integer',
    row: 'integer',
    store_id: 'text',
    market: 'text',
    sku: 'text',
    product_kind: 'text',
    kind: 'text',
    invoice: 'text',
    customer_id: 'text',
    promotion_id: 'text',
    description: 'text',
    currency: 'text',
    units: 'numeric',
    sales: 'numeric',
    discount: 'numeric',
    cost: 'numeric',
    store_name: 'text',
    promotion_name: 'text',
    product_name: 'text',
    brand: 'text',
    category: 'text',
    subcategory: 'text',
    exchange_rate: 'numeric'
  },
  key: ['country', 'business_day', 'file', 'revision', 'row'],
  removes: (item) => item.rows === -1,
  partition: {
    of: (row) => `${row['country']}/${String(row['business_day']).slice(0, 'yyyy-mm'.length)}`,
    make: 'SELECT make_line_items_partition($1)'
  },
  row: (item) => ({
    country: item.country,
    business_day: item.businessDay,
    file: item.file,
    revision: item.revision,
    row: item.row,
    store_id: item.storeId,
    market: item.market,
    sku: item.sku,
    product_kind: item.productKind,
    kind: item.kind,
    invoice: item.invoice,
    customer_id: item.customerId,
    promotion_id: item.promotionId,
    description: item.description,
    currency: item.currency,
    units: formatAmount(item.units),
    sales: formatAmount(item.sales),
    discount: formatAmount(item.discount),
    cost: optionalAmount(item.cost),
    store_name: item.storeName,
    promotion_name: item.promotionName,
    product_name: item.productName,
    brand: item.brand,
    category: item.category,
    subcategory: item.subcategory,
    exchange_rate: optionalRate(item.exchangeRate)
  })
}

export const storeDaysTable: TableMapping<string, StoreDay> = {
  table: 'store_days',
  columns: {
    country: 'text',
    store_id: 'text',
    business_day: 'date',
    currency: 'text',
    ...totalColumns,
    margin: 'numeric'
  },
  key: ['country', 'store_id', 'business_day'],
  keyOf(key) {
    const [country, store_id, business_day] = ledgerParts(key)
    return { country, store_id, business_day }
  },
  row: (day) => ({
    country: day.country,
    store_id: day.storeId,
    business_day: day.day,
    currency: day.currency,
    ...totals(day),
    margin: optionalAmount(day.margin)
  })
}

export const skuDaysTable: TableMapping<string, SkuDay> = {
  table: 'sku_days',
  columns: {
    country: 'text',
    sku: 'text',
    market: 'text',
    business_day: 'date',
    product_kind: 'text',
    ...totalColumns,
    margin: 'numeric'
  },
  key: ['country', 'sku', 'market', 'business_day'],
  keyOf(key) {
    const [country, sku, market, business_day] = ledgerParts(key)
    return { country, sku, market, business_day }
  },
  row: (day) => ({
    country: day.country,
    sku: day.sku,
    market: day.market,
    business_day: day.day,
    product_kind: day.productKind,
    ...totals(day),
    margin: optionalAmount(day.margin)
  })
}

export const categoryDaysTable: TableMapping<string, CategoryDay> = {
  table: 'category_days',
  columns: {
    country: 'text',
    category: 'text',
    market: 'text',
    business_day: 'date',
    ...totalColumns,
    margin: 'numeric'
  },
  key: ['country', 'category', 'market', 'business_day'],
  keyOf(key) {
    const [country, category, market, business_day] = ledgerParts(key)
    return { country, category, market, business_day }
  },
  row: (day) => ({
    country: day.country,
    category: day.category,
    market: day.market,
    business_day: day.day,
    ...totals(day),
    margin: optionalAmount(day.margin)
  })
}

const countryLength = 2

export const skusTable: TableMapping<string, SkuSales> = {
  table: 'skus',
  columns: {
    country: 'text',
    sku: 'text',
    product_kind: 'text',
    name: 'text',
    brand: 'text',
    category: 'text',
    subcategory: 'text',
    list_price: 'numeric',
    last_sold: 'date',
    ...totalColumns
  },
  key: ['country', 'sku'],
  // a product's key, which escapes nothing
  keyOf: (key) => ({ country: key.slice(0, countryLength), sku: key.slice(countryLength + 1) }),
  row: (sku) => ({
    country: sku.country,
    sku: sku.sku,
    product_kind: sku.productKind,
    name: sku.name,
    brand: sku.brand,
    category: sku.category,
    subcategory: sku.subcategory,
    list_price: optionalAmount(sku.listPrice),
    last_sold: sku.lastSold,
    ...totals(sku)
  })
}

export const reconciliationTable: TableMapping<string, Reconciliation> = {
  table: 'reconciliation',
  columns: {
    file: 'text',
    revision: 'integer',
    country: 'text',
    input_rows: 'bigint',
    input_net: 'numeric',
    dead_letters_rows: 'bigint',
    dead_letters_net: 'numeric',
    line_items_rows: 'bigint',
    line_items_net: 'numeric',
    ledgers_rows: 'bigint',
    ledgers_net: 'numeric',
    agree: 'boolean'
  },
  key: ['file', 'revision'],
  row: (one) => ({
    file: one.file,
    revision: one.revision,
    country: one.country,
    ...count('input', one.input),
    ...count('dead_letters', one.deadLetters),
    ...count('line_items', one.lineItems),
    ...count('ledgers', one.ledgers),
    agree: one.agree
  })
}

function count(name: string, { rows, net }: Count): Record<string, unknown> {
  return { [`${name}_rows`]: rows, [`${name}_net`]: formatAmount(net) }
}
