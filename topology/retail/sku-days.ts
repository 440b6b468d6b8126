import type { KStream, KTable } from '../../index.ts'
import type { LineItem, Product } from '../../processors/retail/model.ts'
import {
  type CategoryChange,
  type SkuEvent,
  skuCategoriesStore,
  skuDayLedger,
  skuDaysStore
} from '../../processors/retail/sku-day-ledger.ts'
import * as topics from './topics.ts'

/** What each country's stores sold of each SKU to each market, day by day. Returns what that changes for the categories. */
export function skuDays(
  items: KStream<string, LineItem, 'value'>,
  products: KTable<string, Product>
): KStream<string, CategoryChange, 'key' | 'value'> {
  const news = items
    .mapValues((item): SkuEvent => ({ kind: 'item', item }))
    .merge(products.toStream().mapValues((product): SkuEvent => ({ kind: 'product', product })))
    .process(skuDayLedger, { stores: [skuDaysStore, skuCategoriesStore] })
  news
    .filter((one) => one.kind === 'day')
    .mapValues((one) => one.day)
    .to(topics.skuDays)
  return news.filter((one) => one.kind === 'category').mapValues((one) => one.change)
}
