import { json, type KStream, type StreamsBuilder, string } from '../../index.ts'
import { LineItem, type Sale } from '../../processors/retail/model.ts'
import * as topics from './topics.ts'

/** Sales with what the store and product tables know: first by store, as they come, then by SKU. */
export function lineItems(builder: StreamsBuilder, sales: KStream<string, Sale, 'value'>): void {
  sales
    .leftJoin(
      builder.table(topics.stores, { name: 'stores' }),
      (sale, store): LineItem => ({
        ...sale,
        storeName: store?.name ?? null,
        city: store?.city ?? null,
        storeCategory: store?.category ?? null,
        chain: store?.chain ?? null,
        productName: null,
        brand: null,
        category: null,
        subcategory: null,
        listPrice: null
      })
    )
    .selectKey((item) => `${item.country}/${item.sku}`)
    .repartition({ name: 'by-sku', key: string(), value: json(LineItem) })
    .leftJoin(
      builder.table(topics.products, { name: 'products' }),
      (item, product): LineItem => ({
        ...item,
        productName: product?.name ?? null,
        brand: product?.brand ?? null,
        category: product?.category ?? null,
        subcategory: product?.subcategory ?? null,
        listPrice: product?.listPrice ?? null
      })
    )
    .to(topics.lineItems)
}
