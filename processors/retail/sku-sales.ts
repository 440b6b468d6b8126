import type { SkuSales, SkuTotals } from './ledgers.ts'
import type { LineItem, Product } from './model.ts'
import { addItem, isEmpty, noTotals } from './totals.ts'
import type { SkuVelocity } from './velocity.ts'

const standing: SkuVelocity = { units7: 0, units28: 0 }

export const noSkuTotals: SkuTotals = Object.freeze({
  ...noTotals,
  country: '',
  sku: '',
  productKind: 'product',
  chargeRows: 0,
  description: null,
  lastSold: ''
})

/** The SKU's totals with one line item more. Null: nothing is left of it. */
export function addToSku(sku: SkuTotals, item: LineItem): SkuTotals | null {
  const totals = addItem(sku, item)
  if (isEmpty(totals)) return null
  const chargeRows = sku.chargeRows + (item.productKind === 'charge' ? item.rows : 0)
  const productKind = chargeRows > 0 && chargeRows === totals.rows ? 'charge' : 'product'
  const describes = item.rows > 0 && item.productKind === productKind
  return {
    ...totals,
    country: item.country,
    sku: item.sku,
    productKind,
    chargeRows,
    description: (describes ? item.description : null) ?? sku.description,
    lastSold: later(sku.lastSold, item.businessDay)
  }
}

/** ISO days sort as text. */
function later(day: string, other: string): string {
  return day < other ? other : day
}

/** What no product table names bears the description of its sales. It sells at no speed until that is told. Its shares are given last. */
export function searchDocument(
  { description, chargeRows: _, ...totals }: SkuTotals,
  product: Product | null
): SkuSales {
  return {
    ...standing,
    markets: [],
    stores: [],
    ...totals,
    name: product?.name ?? description,
    brand: product?.brand ?? null,
    category: product?.category ?? null,
    subcategory: product?.subcategory ?? null,
    listPrice: product?.listPrice ?? null
  }
}
