import type { SkuSales, SkuTotals, StoreShare } from './ledgers.ts'
import type { LineItem, Product } from './model.ts'
import { addItem, isEmpty, noTotals } from './totals.ts'
import type { SkuVelocity } from './velocity.ts'

const standing: SkuVelocity = { units7: 0, units28: 0 }

export const noSkuTotals: SkuTotals = Object.freeze({
  ...noTotals,
  country: '',
  sku: '',
  productKind: 'product',
  description: null,
  lastSold: '',
  markets: [],
  stores: []
})

/** The SKU's totals with one line item more. Null: nothing is left of it. */
export function addToSku(sku: SkuTotals, item: LineItem): SkuTotals | null {
  const totals = addItem(sku, item)
  if (isEmpty(totals)) return null
  return {
    ...totals,
    country: item.country,
    sku: item.sku,
    productKind: item.productKind,
    description: item.description ?? sku.description,
    lastSold: later(sku.lastSold, item.businessDay),
    markets: withMarket(sku.markets, item),
    stores: withStore(sku.stores, item)
  }
}

/** ISO days sort as text. */
function later(day: string, other: string): string {
  return day < other ? other : day
}

function withMarket(markets: SkuTotals['markets'], item: LineItem): SkuTotals['markets'] {
  const { market } = item
  let at = 0
  while (at < markets.length && (markets[at]?.market as string) < market) at++
  const before = markets[at]?.market === market ? markets[at] : undefined
  const after = { ...addItem(before ?? noTotals, item), market }
  const kept = isEmpty(after) ? [] : [after]
  return [...markets.slice(0, at), ...kept, ...markets.slice(before === undefined ? at : at + 1)]
}

function withStore(stores: readonly StoreShare[], item: LineItem): StoreShare[] {
  const { storeId } = item
  let at = 0
  while (at < stores.length && (stores[at]?.storeId as string) < storeId) at++
  const before = stores[at]?.storeId === storeId ? stores[at] : undefined
  const rows = (before?.rows ?? 0) + item.rows
  const units = (before?.units ?? 0) + item.units
  const net = (before?.net ?? 0) + item.sales
  const kept = rows === 0 && units === 0 && net === 0 ? [] : [{ storeId, rows, units, net }]
  return [...stores.slice(0, at), ...kept, ...stores.slice(before === undefined ? at : at + 1)]
}

/** What no product table names bears the description of its sales. It sells at no speed until that is told. */
export function searchDocument({ description, ...totals }: SkuTotals, product: Product | null): SkuSales {
  return {
    ...standing,
    ...totals,
    name: product?.name ?? description,
    brand: product?.brand ?? null,
    category: product?.category ?? null,
    subcategory: product?.subcategory ?? null,
    listPrice: product?.listPrice ?? null
  }
}
