import { json, type KStream, string } from '../../index.ts'
import { ledgerKey } from '../../processors/retail/ledger-key.ts'
import type { LineItem } from '../../processors/retail/model.ts'
import { StoreSale, storeSale } from '../../processors/retail/store-sale.ts'

/** Line items of products, so that all of a store are in one partition, with no more than the analyses of a store need. */
export function storeSales(items: KStream<string, LineItem, 'value'>): KStream<string, StoreSale> {
  return items
    .filter((item) => item.productKind === 'product')
    .map((item) => [ledgerKey(item.country, item.storeId), storeSale(item)])
    .repartition({ name: 'by-store', key: string(), value: json(StoreSale) })
}
