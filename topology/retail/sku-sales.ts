import { json, type StreamsBuilder } from '../../index.ts'
import { SkuSales } from '../../processors/retail/model.ts'
import { addSale, noTotals } from '../../processors/retail/totals.ts'
import * as topics from './topics.ts'

/** One document per country and SKU for the search: what it is, and what was sold of it. The items are keyed so already. */
export function skuSales(builder: StreamsBuilder): void {
  builder
    .stream(topics.lineItems)
    .groupByKey()
    .aggregate({
      name: 'sku-sales',
      initial: (): SkuSales => ({
        ...noTotals,
        country: '',
        sku: '',
        name: null,
        brand: null,
        category: null,
        subcategory: null,
        listPrice: null,
        lastSold: ''
      }),
      add: (item, sku) => ({
        ...addSale(sku, item),
        country: item.country,
        sku: item.sku,
        name: item.productName,
        brand: item.brand,
        category: item.category,
        subcategory: item.subcategory,
        listPrice: item.listPrice,
        lastSold: later(item.businessDay, sku.lastSold)
      }),
      value: json(SkuSales)
    })
    .toStream()
    .to(topics.skuSales)
}

/** ISO days sort as text. */
function later(day: string, other: string): string {
  return day < other ? other : day
}
