import { json, type KStream, type KTable } from '../../index.ts'
import { type SkuSales, SkuTotals } from '../../processors/retail/ledgers.ts'
import type { LineItem, Product } from '../../processors/retail/model.ts'
import { addToSku, noSkuTotals, searchDocument } from '../../processors/retail/sku-sales.ts'
import type { SkuVelocity } from '../../processors/retail/velocity.ts'
import * as topics from './topics.ts'

/** What was sold of each SKU in a country, to which market and by which store. The items are keyed so already. */
export function skuSales(items: KStream<string, LineItem, 'value'>): KTable<string, SkuTotals> {
  return items.groupByKey().aggregate({
    name: 'sku-totals',
    initial: () => noSkuTotals,
    add: (item, sku) => addToSku(sku, item),
    value: json(SkuTotals)
  })
}

/** One document per country and SKU for the search: what it is now, what was sold of it, and how fast it sells. */
export function searchDocuments(
  skus: KTable<string, SkuTotals>,
  products: KTable<string, Product>,
  velocity: KTable<string, SkuVelocity>
): void {
  skus
    .leftJoin(products, searchDocument)
    .leftJoin(velocity, (sku, speed): SkuSales => ({ ...sku, ...speed }))
    .toStream()
    .to(topics.skuSales)
}
