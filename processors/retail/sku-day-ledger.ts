import type { z } from 'zod'
import { json, type KeyValueStore, keyValueStore, type Processor, string } from '../../index.ts'
import { ledgerKey } from './ledger-key.ts'
import { CategoryDay, SkuDay, Totals } from './ledgers.ts'
import type { LineItem, Product } from './model.ts'
import { addItem, isEmpty, marginOf, minus, noTotals } from './totals.ts'

/** What moves the ledger: a line item, or news of a product (null: it is no longer known). Keyed by `country/sku`. */
export type SkuEvent =
  | { readonly kind: 'item'; readonly item: LineItem }
  | { readonly kind: 'product'; readonly product: Product | null }

/** What comes out: a SKU's day as it is now (null: nothing is left of it), or what a category's day gains or loses. */
export type SkuNews =
  | { readonly kind: 'day'; readonly day: SkuDay | null }
  | { readonly kind: 'category'; readonly change: CategoryChange }

/** A signed contribution to the ledger of categories. */
export const CategoryChange = CategoryDay.omit({ margin: true })
export type CategoryChange = z.infer<typeof CategoryChange>

/** A SKU's day, and what its charges are of it; null: none. One code may be a product in one file and a charge in another. */
const KeptDay = SkuDay.extend({ ofCharges: Totals.nullable() })
type KeptDay = z.infer<typeof KeptDay>

export const skuDaysStore = keyValueStore({
  name: 'sku-days',
  key: string(),
  value: json(KeptDay),
  cached: true
})
/** The category under which a SKU's days stand in the ledger of categories. */
export const skuCategoriesStore = keyValueStore({
  name: 'sku-categories',
  key: string(),
  value: string(),
  cached: true
})

const countryLength = 2

/** Categories of what no product table puts into one. */
const unclassified = 'Unclassified'
const chargesCategory = 'Charges'

/**
 * The ledger of SKU days, and what it means for the categories. Line items come keyed by `country/sku`, so all days of a SKU are in this
 * task's store, side by side: when its product changes its category, they are taken out of the old one and put into the new one, and what is
 * taken back later comes out of the category in which it stands by then. Without a category products and charges of a day stand apart.
 */
export function skuDayLedger(): Processor<string, SkuEvent, string, SkuNews> {
  let days: KeyValueStore<string, KeptDay>
  let categories: KeyValueStore<string, string>
  return {
    init(context) {
      days = context.store(skuDaysStore)
      categories = context.store(skuCategoriesStore)
    },
    process({ key, value, timestamp }, context) {
      if (key === null || value === null) return
      const tell = (key: string, news: SkuNews, time: number) =>
        context.forward({ key, value: news, timestamp: time, headers: [] })
      const change = (of: SkuDay, category: string, totals: Totals, time: number): void => {
        const { country, market, day } = of
        const at = ledgerKey(country, category, market, day)
        tell(at, { kind: 'category', change: { ...totals, country, category, market, day } }, time)
      }

      if (value.kind === 'item') {
        const { item } = value
        const at = ledgerKey(item.country, item.sku, item.market, item.businessDay)
        const kept = withItem(days.get(at), item)
        const { ofCharges: _, ...day } = kept
        days.put(at, isEmpty(day) ? null : kept, timestamp)
        tell(at, { kind: 'day', day: isEmpty(day) ? null : day }, timestamp)
        const category = categoryOf(categories.get(key), item.productKind)
        change(day, category, addItem(noTotals, item), timestamp)
        return
      }

      const before = categories.get(key)
      const after = value.product?.category ?? null
      if (before === after) return
      categories.put(key, after, timestamp)
      const sku = ledgerKey(key.slice(0, countryLength), key.slice(countryLength + 1))
      // the keys of its days begin with it and a slash, after which comes 0
      for (const { value: day, timestamp: time } of days.range(`${sku}/`, `${sku}0`)) {
        for (const [kind, totals] of partsOf(day)) {
          const [from, to] = [categoryOf(before, kind), categoryOf(after, kind)]
          if (from === to || isEmpty(totals)) continue
          change(day, from, minus(noTotals, totals), time)
          change(day, to, totals, time)
        }
      }
    }
  }
}

type ProductKind = SkuDay['productKind']

function partsOf(day: KeptDay): [ProductKind, Totals][] {
  const ofCharges = day.ofCharges ?? noTotals
  return [
    ['product', minus(day, ofCharges)],
    ['charge', ofCharges]
  ]
}

function withItem(before: KeptDay | null, item: LineItem): KeptDay {
  const totals = addItem(before ?? noTotals, item)
  const ofCharges = withCharge(before?.ofCharges ?? null, item)
  return {
    ...totals,
    ofCharges,
    country: item.country,
    sku: item.sku,
    market: item.market,
    day: item.businessDay,
    productKind: ofCharges !== null && ofCharges.rows === totals.rows ? 'charge' : 'product',
    margin: marginOf(totals)
  }
}

function withCharge(before: Totals | null, item: LineItem): Totals | null {
  if (item.productKind !== 'charge') return before
  const after = addItem(before ?? noTotals, item)
  return isEmpty(after) ? null : after
}

function categoryOf(category: string | null, kind: ProductKind): string {
  if (category !== null && category !== '') return category
  return kind === 'charge' ? chargesCategory : unclassified
}
