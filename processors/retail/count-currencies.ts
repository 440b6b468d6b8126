import { z } from 'zod'
import { type FixedKeyProcessor, json, type KeyValueStore, keyValueStore, string } from '../../index.ts'
import type { CurrencyDay, FinanceDay } from './finance.ts'
import { currency } from './model.ts'

const CountedCurrency = z.object({ currency, turn: z.int() })
type CountedCurrency = z.infer<typeof CountedCurrency>

/** The currency that a day is in, and how many it was in before, by the key of the day. */
export const dayCurrenciesStore = keyValueStore({
  name: 'day-currencies',
  key: string(),
  value: json(CountedCurrency),
  cached: true
})

/**
 * Numbers the currencies that a day has been in: each is translated by the task of its currency, and tasks do not wait for each other. What comes from
 * that of a former one is known by the number, however late it comes.
 */
export function countCurrencies(): FixedKeyProcessor<string, FinanceDay, CurrencyDay> {
  let currencies: KeyValueStore<string, CountedCurrency>
  return {
    init(context) {
      currencies = context.store(dayCurrenciesStore)
    },
    process(record, context) {
      const { key, value: day, timestamp } = record
      if (key === null || day === null) return
      const former = currencies.get(key)
      const turn = former === null ? 0 : former.turn + (former.currency === day.currency ? 0 : 1)
      if (turn !== former?.turn) currencies.put(key, { currency: day.currency, turn }, timestamp)
      context.forward({ ...record, value: { ...day, turn } })
    }
  }
}
