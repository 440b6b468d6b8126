import { json, type StreamsBuilder, string } from '../../index.ts'
import { ProfitAndLoss } from '../../processors/retail/model.ts'
import { addSale, noTotals } from '../../processors/retail/totals.ts'
import * as topics from './topics.ts'

/** Daily profit and loss of each country, for finance. */
export function profitAndLoss(builder: StreamsBuilder): void {
  builder
    .stream(topics.lineItems)
    .groupBy((item) => `${item.country}/${item.businessDay}`, {
      name: 'by-country-day',
      key: string()
    })
    .aggregate({
      name: 'profit-and-loss',
      initial: (): ProfitAndLoss => ({ ...noTotals, country: '', day: '', margin: 0 }),
      add: (item, day) => {
        const totals = addSale(day, item)
        return { ...totals, country: item.country, day: item.businessDay, margin: totals.sales - totals.cost }
      },
      value: json(ProfitAndLoss)
    })
    .toStream()
    .to(topics.profitAndLoss)
}
