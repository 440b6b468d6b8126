import { integer, json, type KStream, type KTable, type StreamsBuilder, string } from '../../index.ts'
import { ledgerKey, ledgerParts } from '../../processors/retail/ledger-key.ts'
import { amount } from '../../processors/retail/model.ts'
import type { StoreSale } from '../../processors/retail/store-sale.ts'
import {
  Sent,
  SkuVelocity,
  type StockEvent,
  stockStore,
  storeSkuDaysStore,
  velocities,
  velocity
} from '../../processors/retail/velocity.ts'
import * as topics from './topics.ts'

/** How fast each SKU sells in each store, and how long what the store was sent will last. Returns how fast it sells in all stores of a country. */
export function skuVelocity(
  builder: StreamsBuilder,
  sales: KStream<string, StoreSale>
): KTable<string, SkuVelocity> {
  const sent = builder
    .table(topics.inventory, { name: 'deliveries' })
    .groupBy((one) => [ledgerKey(one.country, one.storeId, one.sku), one.unitsShipped], {
      name: 'deliveries-by-sku',
      key: string(),
      value: integer()
    })
    .reduce({
      name: 'units-sent',
      reducer: (units, sum) => sum + units,
      subtractor: (units, sum) => sum - units,
      // sums may be beyond 2^53, which integer() refuses
      value: json(amount)
    })
    .toStream()
    .map((units, key) => {
      const [country = '', storeId = '', sku = ''] = ledgerParts(key)
      return [ledgerKey(country, storeId), { sku, units: units ?? 0 }]
    })
    .repartition({ name: 'sent-by-store', key: string(), value: json(Sent) })
  sales
    .mapValues((sale): StockEvent => ({ kind: 'sale', sale }))
    .merge(sent.mapValues((one): StockEvent => ({ kind: 'sent', sent: one })))
    .process(velocity, {
      stores: [storeSkuDaysStore, stockStore, velocities.waiting, velocities.published]
    })
    .to(topics.velocity)
  return builder
    .table(topics.velocity, { name: 'store-velocity' })
    .groupBy(({ country, sku, units7, units28 }) => [`${country}/${sku}`, { units7, units28 }], {
      name: 'velocity-by-sku',
      key: string(),
      value: json(SkuVelocity)
    })
    .aggregate({
      name: 'sku-velocity',
      initial: (): SkuVelocity => ({ units7: 0, units28: 0 }),
      add: (one, sum) => ({ units7: sum.units7 + one.units7, units28: sum.units28 + one.units28 }),
      subtract: (one, sum) => ({ units7: sum.units7 - one.units7, units28: sum.units28 - one.units28 }),
      value: json(SkuVelocity)
    })
}
