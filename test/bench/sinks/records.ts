import type { SkuSales } from '../../../processors/retail/ledgers.ts'
import type { LineItem } from '../../../processors/retail/model.ts'

/*
 * What the sinks carry, of three countries and twelve months. A record depends on its number alone, so every case has the same ones.
 */

const countries = ['DE', 'FR', 'GB']
const cities = ['Aachen', 'Lille', 'Leeds']

/** A file's rows follow each other, and each file is one day of one store: what an ingest brings. */
export function lineItem(i: number): LineItem {
  const at = i % countries.length
  const country = countries[at] as string
  const file = Math.floor(i / 3000)
  const day = new Date(Date.UTC(2024, 0, 1 + (file % 366))).toISOString().slice(0, 10)
  const sku = i % 4999
  return {
    file: `sales-${country.toLowerCase()}/store-${file % 40}/${day}.csv`,
    revision: 1 + Math.floor(file / 366),
    row: 1 + Math.floor((i % 3000) / countries.length),
    rows: 1,
    country,
    storeId: `${file % 40}`,
    sku: `${10_000 + sku}`,
    productKind: 'product',
    kind: i % 50 === 0 ? 'return' : 'sale',
    market: country,
    invoice: `${536_000 + Math.floor(i / 9)}`,
    businessDay: day,
    customerId: i % 3 === 0 ? null : `${12_000 + (i % 4373)}`,
    promotionId: i % 10 === 0 ? `${i % 30}` : null,
    description: `WHITE HANGING HEART T-LIGHT HOLDER ${sku}`,
    currency: country === 'GB' ? 'GBP' : 'EUR',
    units: 60_000,
    sales: 153_000 + (i % 1000),
    discount: 0,
    cost: 80_000 + (i % 500),
    storeName: `Store ${file % 40}`,
    city: cities[at] as string,
    storeCategory: 'chain',
    chain: 'Bench',
    promotionName: i % 10 === 0 ? `Promotion ${i % 30}` : null,
    productName: `Heart holder ${sku}`,
    brand: `Brand ${sku % 50}`,
    category: `Category ${sku % 20}`,
    subcategory: `Subcategory ${sku % 100}`,
    listPrice: 25_500,
    exchangeRate: 125_000_000
  }
}

export function lineItemKey(item: LineItem): string {
  return `${item.country}/${item.sku}`
}

/** SKUs come again and again, as they do from a table that is updated. */
export function skuSales(i: number): readonly [string, SkuSales] {
  const sku = `${10_000 + (i % 20_000)}`
  const country = countries[i % countries.length] as string
  const totals = {
    rows: i,
    units: i * 10_000,
    gross: i * 25_500,
    returns: 0,
    discount: 0,
    net: i * 25_500,
    charges: 0,
    cost: i * 13_000,
    uncosted: 0
  }
  const value: SkuSales = {
    ...totals,
    country,
    sku,
    productKind: 'product',
    lastSold: '2024-05-05',
    stores: [{ storeId: '1', rows: i, units: i * 10_000, net: i * 25_500 }],
    markets: [
      { market: country, ...totals },
      { market: 'United Kingdom', ...totals }
    ],
    name: `WHITE HANGING HEART T-LIGHT HOLDER ${sku}`,
    brand: `Brand ${i % 50}`,
    category: `Category ${i % 20}`,
    subcategory: `Subcategory ${i % 100}`,
    listPrice: 25_500,
    units7: (i % 70) * 10_000,
    units28: (i % 280) * 10_000
  }
  return [`${country}/${sku}`, value]
}
