import { json, type KStream, type KTable } from '../../index.ts'
import { SkuTotals } from '../../processors/retail/ledgers.ts'
import type { LineItem, Product } from '../../processors/retail/model.ts'
import { addToSku, noSkuTotals, searchDocument } from '../../processors/retail/sku-sales.ts'
import * as topics from './topics.ts'

/**
 * One document per country and SKU for the search: what it is now, and what was sold of it to which market and by which store. The items are keyed
 * so already. Returns what was sold.
 */
export function skuSales(
  items: KStream<string, LineItem, 'value'>,
  products: KTable<string, Product>
): KTable<string, SkuTotals> {
  const totals = items.groupByKey().aggregate({
    name: 'sku-totals',
    initial: () => noSkuTotals,
    add: (item, sku) => addToSku(sku, item),
    value: json(SkuTotals)
  })
  totals.leftJoin(products, searchDocument).toStream().to(topics.skuSales)
  return totals
}
