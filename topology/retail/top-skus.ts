import { json, type KTable, storeOf, string } from '../../index.ts'
import type { SkuTotals } from '../../processors/retail/ledgers.ts'
import { skuStoresStore } from '../../processors/retail/sku-shares.ts'
import {
  bestOfPartition,
  candidates,
  candidatesStore,
  PlacedCandidate,
  placed,
  topTen,
  topTens
} from '../../processors/retail/top-skus.ts'
import * as topics from './topics.ts'

/** The ten SKUs of each store and country that brought most, and that sold most, of all its days. */
export function topSkus(skus: KTable<string, SkuTotals>): void {
  const totals = storeOf(skus)
  skus
    .toStream()
    .process(bestOfPartition(totals), {
      stores: [totals, skuStoresStore, candidates.waiting, candidates.published]
    })
    .map(placed)
    .repartition({ name: 'by-place', key: string(), value: json(PlacedCandidate) })
    .process(topTen, { stores: [candidatesStore, topTens.waiting, topTens.published] })
    .to(topics.topSkus)
}
