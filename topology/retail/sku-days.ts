import { json, type StreamsBuilder, string } from '../../index.ts'
import { SkuDay } from '../../processors/retail/model.ts'
import { addSale, noTotals } from '../../processors/retail/totals.ts'
import * as topics from './topics.ts'

/** What each country sold of each SKU, day by day. */
export function skuDays(builder: StreamsBuilder): void {
  builder
    .stream(topics.lineItems)
    .groupBy((item) => `${item.country}/${item.sku}/${item.businessDay}`, {
      name: 'by-sku-day',
      key: string()
    })
    .aggregate({
      name: 'sku-days',
      initial: (): SkuDay => ({ ...noTotals, country: '', sku: '', day: '' }),
      add: (item, day) => ({
        ...addSale(day, item),
        country: item.country,
        sku: item.sku,
        day: item.businessDay
      }),
      value: json(SkuDay)
    })
    .toStream()
    .to(topics.skuDays)
}
