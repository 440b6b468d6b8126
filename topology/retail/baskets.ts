import type { KStream } from '../../index.ts'
import { basketPairs, baskets, basketsStore } from '../../processors/retail/baskets.ts'
import type { StoreSale } from '../../processors/retail/store-sale.ts'
import * as topics from './topics.ts'

/** What the customers of a store buy together. */
export function boughtTogether(sales: KStream<string, StoreSale>): void {
  sales
    .process(baskets, { stores: [basketsStore, basketPairs.waiting, basketPairs.published] })
    .to(topics.basketPairs)
}
