import { json, type StreamsBuilder, string } from '../../index.ts'
import { StoreDay } from '../../processors/retail/model.ts'
import { addSale, noTotals } from '../../processors/retail/totals.ts'
import * as topics from './topics.ts'

/** What each store sold on each of its business days: a ledger, so a row counts however late its file comes. */
export function storeDays(builder: StreamsBuilder): void {
  builder
    .stream(topics.lineItems)
    .groupBy((item) => `${item.country}/${item.storeId}/${item.businessDay}`, {
      name: 'by-store-day',
      key: string()
    })
    .aggregate({
      name: 'store-days',
      initial: (): StoreDay => ({ ...noTotals, country: '', storeId: '', day: '' }),
      add: (item, day) => ({
        ...addSale(day, item),
        country: item.country,
        storeId: item.storeId,
        day: item.businessDay
      }),
      value: json(StoreDay)
    })
    .toStream()
    .to(topics.storeDays)
}
