import { json, type KTable, type StreamsBuilder, storeOf, string } from '../../index.ts'
import { countCurrencies, dayCurrenciesStore } from '../../processors/retail/count-currencies.ts'
import { CurrencyDay, ExpenseDay, TranslatedDay } from '../../processors/retail/finance.ts'
import { addExpense, financeDay, subtractExpense } from '../../processors/retail/finance-days.ts'
import { ledgerKey } from '../../processors/retail/ledger-key.ts'
import type { StoreMarketDay } from '../../processors/retail/ledgers.ts'
import type { ExchangeRate } from '../../processors/retail/model.ts'
import {
  publishDays,
  publishedDaysStore,
  unpublishedDaysStore
} from '../../processors/retail/publish-days.ts'
import {
  type CurrencyEvent,
  translateDays,
  translatedDaysStore,
  untranslatedDaysStore
} from '../../processors/retail/translate-days.ts'
import * as topics from './topics.ts'

export interface FinanceOptions {
  /** ISO 4217. The exchange rates are to this currency. Default USD. */
  readonly reportingCurrency?: string
}

/** Rates are looked up for the days of sales of any year. */
const historyRetentionMs = 100 * 366 * 86_400_000

/** What was in force when: a versioned table. */
export function exchangeRates(builder: StreamsBuilder): KTable<string, ExchangeRate> {
  return builder.table(topics.rates, { name: 'rates', historyRetentionMs })
}

/**
 * Daily profit and loss of each store and market, for finance: what was sold and spent, at the exchange rate that was in force on the day, with its
 * sums to date. Expenses stand in the line of the store's own country.
 */
export function profitAndLoss(
  builder: StreamsBuilder,
  sales: KTable<string, StoreMarketDay>,
  rates: KTable<string, ExchangeRate>,
  { reportingCurrency = 'USD' }: FinanceOptions = {}
): void {
  const expenses = builder
    .table(topics.expenses, { name: 'expenses' })
    .groupBy((one) => [ledgerKey(one.country, one.storeId, one.country, one.day), one], {
      name: 'expenses-by-store-day',
      key: string(),
      value: json(ExpenseDay)
    })
    .aggregate({
      name: 'expense-days',
      initial: (): ExpenseDay => ({ country: '', storeId: '', day: '', currency: '', amount: 0 }),
      add: addExpense,
      subtract: subtractExpense,
      value: json(ExpenseDay)
    })

  const ratesStore = storeOf(rates, 'versioned')
  sales
    .outerJoin(expenses, financeDay)
    .toStream()
    .filter((day) => day !== null)
    .processValues(countCurrencies, { stores: [dayCurrenciesStore] })
    .selectKey((day) => day.currency)
    .repartition({ name: 'by-currency', key: string(), value: json(CurrencyDay) })
    .mapValues((day): CurrencyEvent => ({ kind: 'day', day }))
    .merge(rates.toStream().mapValues((rate): CurrencyEvent => ({ kind: 'rate', rate })))
    .process(translateDays(reportingCurrency, ratesStore), {
      stores: [ratesStore, translatedDaysStore, untranslatedDaysStore]
    })
    .selectKey((day) => ledgerKey(day.country, day.storeId, day.market))
    .repartition({ name: 'by-store-market', key: string(), value: json(TranslatedDay) })
    .process(publishDays(reportingCurrency), {
      stores: [publishedDaysStore, unpublishedDaysStore]
    })
    .to(topics.profitAndLoss)
}
