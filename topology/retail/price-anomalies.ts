import type { KStream } from '../../index.ts'
import type { LineItem } from '../../processors/retail/model.ts'
import { anomalies, priceAnomalies, priceRowsStore } from '../../processors/retail/price-anomalies.ts'
import * as topics from './topics.ts'

/** Prices at which a SKU was sold in a country that are far from its usual one. The items are keyed by it already. */
export function unusualPrices(items: KStream<string, LineItem, 'value'>): void {
  items
    .process(priceAnomalies, { stores: [priceRowsStore, anomalies.waiting, anomalies.published] })
    .to(topics.priceAnomalies)
}
