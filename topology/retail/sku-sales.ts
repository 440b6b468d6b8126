import { json, type KStream, type KTable } from '../../index.ts'
import { type SkuSales, SkuTotals } from '../../processors/retail/ledgers.ts'
import type { LineItem, Product } from '../../processors/retail/model.ts'
import { addToSku, noSkuTotals, searchDocument } from '../../processors/retail/sku-sales.ts'
import {
  keepSkuShares,
  skuMarketsStore,
  skuStoresStore,
  withSkuShares
} from '../../processors/retail/sku-shares.ts'
import type { SkuVelocity } from '../../processors/retail/velocity.ts'
import * as topics from './topics.ts'

const shares = { stores: [skuMarketsStore, skuStoresStore] }

/** What was sold of each SKU in a country; which market bought it and which store sold it is in stores of their own. The items are keyed so already. */
export function skuSales(items: KStream<string, LineItem, 'value'>): KTable<string, SkuTotals> {
  return items
    .processValues(keepSkuShares, shares)
    .groupByKey()
    .aggregate({
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
    .processValues(withSkuShares, shares)
    .to(topics.skuSales)
}
