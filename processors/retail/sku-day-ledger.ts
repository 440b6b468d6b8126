import type { z } from 'zod'
import { json, type KeyValueStore, keyValueStore, type Processor, string } from '../../index.ts'
import { ledgerKey } from './ledger-key.ts'
import { CategoryDay, SkuDay, type Totals } from './ledgers.ts'
import type { LineItem, Product } from './model.ts'
import { addItem, isEmpty, marginOf, minus, noTotals, plus } from './totals.ts'

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

export const skuDaysStore = keyValueStore({
  name: 'sku-days',
  key: string(),
  value: json(SkuDay),
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
 * taken back later comes out of the category in which it stands by then.
 */
export function skuDayLedger(): Processor<string, SkuEvent, string, SkuNews> {
  let days: KeyValueStore<string, SkuDay>
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
        const day = withItem(days.get(at), item)
        days.put(at, isEmpty(day) ? null : day, timestamp)
        tell(at, { kind: 'day', day: isEmpty(day) ? null : day }, timestamp)
        change(day, categoryOf(categories.get(key), day), addItem(noTotals, item), timestamp)
        return
      }

      const before = categories.get(key)
      const after = value.product?.category ?? null
      if (before === after) return
      categories.put(key, after, timestamp)
      const sku = ledgerKey(key.slice(0, countryLength), key.slice(countryLength + 1))
      // the keys of its days begin with it and a slash, after which comes 0
      for (const { value: day, timestamp: time } of days.range(`${sku}/`, `${sku}0`)) {
        const [from, to] = [categoryOf(before, day), categoryOf(after, day)]
        if (from === to) continue
        change(day, from, minus(noTotals, day), time)
        change(day, to, plus(noTotals, day), time)
      }
    }
  }
}

function withItem(before: SkuDay | null, item: LineItem): SkuDay {
  const totals = addItem(before ?? noTotals, item)
  return {
    ...totals,
    country: item.country,
    sku: item.sku,
    market: item.market,
    day: item.businessDay,
    productKind: item.productKind,
    margin: marginOf(totals)
  }
}

function categoryOf(category: string | null, day: SkuDay): string {
  if (category !== null && category !== '') return category
  return day.productKind === 'charge' ? chargesCategory : unclassified
}
