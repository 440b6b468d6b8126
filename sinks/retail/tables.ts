import type { TableMapping } from '../../index.ts'
import type { CategoryDay, SkuDay, SkuSales, StoreDay, Totals } from '../../processors/retail/ledgers.ts'
import type { FileMetadata, LineItem } from '../../processors/retail/model.ts'
import type { Reconciliation } from '../../processors/retail/reconciliation.ts'
import { type Columns, tableOf } from './table-of.ts'

/*
 * How records become rows. Columns and keys are those of the migrations.
 */

const totals = {
  rows: ['bigint', 'rows'],
  units: ['amount', 'units'],
  gross: ['amount', 'gross'],
  returns: ['amount', 'returns'],
  discount: ['amount', 'discount'],
  net: ['amount', 'net'],
  charges: ['amount', 'charges'],
  cost: ['amount', 'cost'],
  uncosted: ['bigint', 'uncosted']
} as const satisfies Columns<Totals>

export const filesTable: TableMapping<string, FileMetadata> = {
  ...tableOf<FileMetadata>({
    table: 'files',
    key: ['file'],
    columns: {
      file: ['text', (_, key) => key],
      country: ['text', 'country'],
      store_id: ['text', 'storeId'],
      store_category: ['text', 'storeCategory'],
      chain: ['text', 'chain'],
      size_bytes: ['bigint', 'sizeBytes'],
      etag: ['text', 'etag'],
      version_id: ['text', 'versionId'],
      revision: ['integer', 'revision'],
      state: ['text', 'state'],
      rows: ['bigint', 'rows'],
      reason: ['text', 'reason']
    }
  }),
  // files are never taken back
  keyOf: () => null
}

/** The rows as they stand: one that is taken back is deleted. */
export const lineItemsTable: TableMapping<string, LineItem> = {
  ...tableOf<LineItem>({
    table: 'line_items',
    key: ['country', 'business_day', 'file', 'revision', 'row'],
    columns: {
      country: ['text', 'country'],
      business_day: ['date', 'businessDay'],
      file: ['text', 'file'],
      revision: ['integer', 'revision'],
      row: ['integer', 'row'],
      store_id: ['text', 'storeId'],
      market: ['text', 'market'],
      sku: ['text', 'sku'],
      product_kind: ['text', 'productKind'],
      kind: ['text', 'kind'],
      invoice: ['text', 'invoice'],
      customer_id: ['text', 'customerId'],
      promotion_id: ['text', 'promotionId'],
      description: ['text', 'description'],
      currency: ['text', 'currency'],
      units: ['amount', 'units'],
      sales: ['amount', 'sales'],
      discount: ['amount', 'discount'],
      cost: ['amount', 'cost'],
      store_name: ['text', 'storeName'],
      promotion_name: ['text', 'promotionName'],
      product_name: ['text', 'productName'],
      brand: ['text', 'brand'],
      category: ['text', 'category'],
      subcategory: ['text', 'subcategory'],
      exchange_rate: ['rate', 'exchangeRate']
    }
  }),
  // several rows have one key
  keyOf: () => null,
  removes: (item) => item.rows === -1,
  partition: {
    of: (row) => `${row['country']}/${String(row['business_day']).slice(0, 'yyyy-mm'.length)}`,
    make: 'SELECT make_line_items_partition($1)'
  }
}

export const storeDaysTable = tableOf<StoreDay>({
  table: 'store_days',
  key: ['country', 'store_id', 'business_day'],
  columns: {
    country: ['text', 'country'],
    store_id: ['text', 'storeId'],
    business_day: ['date', 'day'],
    currency: ['text', 'currency'],
    ...totals,
    margin: ['amount', 'margin']
  }
})

export const skuDaysTable = tableOf<SkuDay>({
  table: 'sku_days',
  key: ['country', 'sku', 'market', 'business_day'],
  columns: {
    country: ['text', 'country'],
    sku: ['text', 'sku'],
    market: ['text', 'market'],
    business_day: ['date', 'day'],
    product_kind: ['text', 'productKind'],
    ...totals,
    margin: ['amount', 'margin']
  }
})

export const categoryDaysTable = tableOf<CategoryDay>({
  table: 'category_days',
  key: ['country', 'category', 'market', 'business_day'],
  columns: {
    country: ['text', 'country'],
    category: ['text', 'category'],
    market: ['text', 'market'],
    business_day: ['date', 'day'],
    ...totals,
    margin: ['amount', 'margin']
  }
})

const countryLength = 2

export const skusTable: TableMapping<string, SkuSales> = {
  ...tableOf<SkuSales>({
    table: 'skus',
    key: ['country', 'sku'],
    columns: {
      country: ['text', 'country'],
      sku: ['text', 'sku'],
      product_kind: ['text', 'productKind'],
      name: ['text', 'name'],
      brand: ['text', 'brand'],
      category: ['text', 'category'],
      subcategory: ['text', 'subcategory'],
      list_price: ['amount', 'listPrice'],
      last_sold: ['date', 'lastSold'],
      ...totals
    }
  }),
  // a product's key, which escapes nothing
  keyOf: (key) => ({ country: key.slice(0, countryLength), sku: key.slice(countryLength + 1) })
}

export const reconciliationTable: TableMapping<string, Reconciliation> = {
  ...tableOf<Reconciliation>({
    table: 'reconciliation',
    key: ['file', 'revision'],
    columns: {
      file: ['text', 'file'],
      revision: ['integer', 'revision'],
      country: ['text', 'country'],
      input_rows: ['bigint', (one) => one.input.rows],
      input_net: ['amount', (one) => one.input.net],
      dead_letters_rows: ['bigint', (one) => one.deadLetters.rows],
      dead_letters_net: ['amount', (one) => one.deadLetters.net],
      line_items_rows: ['bigint', (one) => one.lineItems.rows],
      line_items_net: ['amount', (one) => one.lineItems.net],
      ledgers_rows: ['bigint', (one) => one.ledgers.rows],
      ledgers_net: ['amount', (one) => one.ledgers.net],
      agree: ['boolean', 'agree']
    }
  }),
  // file#revision, of which none is ever taken back
  keyOf: () => null
}
