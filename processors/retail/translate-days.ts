import {
  json,
  type KeyValueStore,
  keyValueStore,
  type Processor,
  string,
  type VersionedStore,
  type VersionedStoreDefinition
} from '../../index.ts'
import { type CurrencyDay, TranslatedDay, translated } from './finance.ts'
import { ledgerKey } from './ledger-key.ts'
import { type ExchangeRate, RATE_SCALE } from './model.ts'
import { timeOfDay } from './time-of-day.ts'

/** What changes figures in the reporting currency: a day, or a rate. Keyed by the currency. */
export type CurrencyEvent =
  | { readonly kind: 'day'; readonly day: CurrencyDay }
  | { readonly kind: 'rate'; readonly rate: ExchangeRate | null }

/**
 * Days as they were translated last, by their currency and then their own key: what a new rate changes is together. One that changes its currency
 * stays under the former one, too; see `turn`.
 */
export const translatedDaysStore = keyValueStore({
  name: 'translated-days',
  key: string(),
  value: json(TranslatedDay),
  cached: true
})

/**
 * Gives each day its figures in the reporting currency, at the rate that was in force when it began. A rate that becomes known later, or is
 * corrected, translates its days again. The reporting currency needs no rate; where another has none there is no figure, rather than a zero.
 */
export function translateDays(
  reportingCurrency: string,
  ratesTable: VersionedStoreDefinition<string, ExchangeRate>
): () => Processor<string, CurrencyEvent, string, TranslatedDay> {
  return () => {
    let days: KeyValueStore<string, TranslatedDay>
    let rates: VersionedStore<string, ExchangeRate>

    const inForce = (currency: string, time: number): number | null =>
      currency === reportingCurrency ? RATE_SCALE : (rates.getAsOf(currency, time)?.value.rate ?? null)

    return {
      init(context) {
        days = context.store(translatedDaysStore)
        rates = context.store(ratesTable)
      },
      process({ key: currency, value: event }, context) {
        if (currency === null || event === null) return
        const tell = (key: string, day: TranslatedDay): void => {
          const timestamp = timeOfDay(day.day, context.wallClock())
          days.put(key, day, timestamp)
          context.forward({ key: currency, value: day, timestamp, headers: [] })
        }
        if (event.kind === 'day') {
          const { country, storeId, market, day, figures } = event.day
          const rate = inForce(currency, Date.parse(day))
          const key = `${currency}/${ledgerKey(country, storeId, market, day)}`
          return tell(key, { ...event.day, rate, figures: translated(figures, rate) })
        }
        // 0 comes after the slash
        for (const { key, value } of [...days.range(`${currency}/`, `${currency}0`)]) {
          const rate = inForce(currency, Date.parse(value.day))
          if (rate !== value.rate)
            tell(key, { ...value, rate, figures: translated(value.figures.local, rate) })
        }
      }
    }
  }
}
