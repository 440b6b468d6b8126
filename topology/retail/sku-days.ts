import type { KStream, KTable, StreamsBuilder } from '../../index.ts'
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
  builder: StreamsBuilder,
  items: KStream<string, LineItem>,
  products: KTable<string, Product>
): KStream<string, CategoryChange> {
  builder.addStateStore(skuDaysStore).addStateStore(skuCategoriesStore)
  const news = items
    .mapValues((item): SkuEvent => ({ kind: 'item', item }))
    .merge(products.toStream().mapValues((product): SkuEvent => ({ kind: 'product', product })))
    .process(skuDayLedger, { stores: [skuDaysStore.name, skuCategoriesStore.name] })
  news
    .filter((one) => one.kind === 'day')
    .mapValues((one) => one.day)
    .to(topics.skuDays)
  return news.filter((one) => one.kind === 'category').mapValues((one) => one.change)
}
