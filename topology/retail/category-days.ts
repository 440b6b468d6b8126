import { json, type KStream, type KTable, string } from '../../index.ts'
import { CategoryDay } from '../../processors/retail/ledgers.ts'
import { CategoryChange } from '../../processors/retail/sku-day-ledger.ts'
import { isEmpty, marginOf, noTotals, plus } from '../../processors/retail/totals.ts'
import * as topics from './topics.ts'

/** What was sold of each category to each market, day by day: the days of the SKUs, each under the category that its product has now. */
export function categoryDays(
  changes: KStream<string, CategoryChange, 'key' | 'value'>
): KTable<string, CategoryDay> {
  const days = changes
    .repartition({ name: 'by-category-day', key: string(), value: json(CategoryChange) })
    .groupByKey()
    .aggregate({
      name: 'category-days',
      initial: (): CategoryDay => ({
        ...noTotals,
        country: '',
        category: '',
        market: '',
        day: '',
        margin: 0
      }),
      add(change, before) {
        const totals = plus(before, change)
        if (isEmpty(totals)) return null
        const { country, category, market, day } = change
        return { ...totals, country, category, market, day, margin: marginOf(totals) }
      },
      value: json(CategoryDay)
    })
  days.toStream().to(topics.categoryDays)
  return days
}
