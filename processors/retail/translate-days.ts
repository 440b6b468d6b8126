import {
  json,
  type KeyValueStore,
  keyValueStore,
  type Processor,
  type ProcessorContext,
  string,
  type VersionedStore,
  type VersionedStoreDefinition
} from '../../index.ts'
import { type CurrencyDay, TranslatedDay, translated } from './finance.ts'
import { ledgerKey } from './ledger-key.ts'
import { type ExchangeRate, RATE_SCALE } from './model.ts'
import { paced } from './paced.ts'
import { slices } from './slices.ts'
import { timeOfDay } from './time-of-day.ts'

type Context = Pick<ProcessorContext<string, TranslatedDay>, 'forward' | 'wallClock'>

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

/** Currencies whose rates have changed, with where among their translated days it is still to be told: not all fit into one callback. */
export const untranslatedDaysStore = keyValueStore({
  name: 'untranslated-days',
  key: string(),
  value: string(),
  cached: true
})

/** What a new rate does in one callback at most, counted in days read. */
const workPerCallback = 5_000
const dayWork = 10
const lookEveryMs = 250

/**
 * Gives each day its figures in the reporting currency, at the rate that was in force when it began. A rate that becomes known later, or is
 * corrected, translates its days again, the first of them at once. The reporting currency needs no rate; where another has none there is no
 * figure, rather than a zero.
 */
export function translateDays(
  reportingCurrency: string,
  ratesTable: VersionedStoreDefinition<string, ExchangeRate>
): () => Processor<string, CurrencyEvent, string, TranslatedDay> {
  return () => {
    let days: KeyValueStore<string, TranslatedDay>
    let untranslated: KeyValueStore<string, string>
    let rates: VersionedStore<string, ExchangeRate>

    const inForce = (currency: string, time: number): number | null =>
      currency === reportingCurrency ? RATE_SCALE : (rates.getAsOf(currency, time)?.value.rate ?? null)

    const tell = (key: string, currency: string, day: TranslatedDay, context: Context): void => {
      const timestamp = timeOfDay(day.day, context.wallClock())
      days.put(key, day, timestamp)
      context.forward({ key: currency, value: day, timestamp, headers: [] })
    }

    /** Goes on with the days of a currency. Returns how much of the work is left to do. */
    const translateOn = (currency: string, from: string, work: number, context: Context): number => {
      let left = work
      // 0 comes after the slash
      for (const slice of slices(days, from, `${currency}0`)) {
        for (const { key, value } of slice) {
          if (left <= 0) {
            untranslated.put(currency, key, context.wallClock())
            return left
          }
          left--
          const rate = inForce(currency, Date.parse(value.day))
          if (rate === value.rate) continue
          tell(key, currency, { ...value, rate, figures: translated(value.figures.local, rate) }, context)
          left -= dayWork
        }
      }
      untranslated.delete(currency, context.wallClock())
      return left
    }

    return {
      init(context) {
        days = context.store(translatedDaysStore)
        untranslated = context.store(untranslatedDaysStore)
        rates = context.store(ratesTable)
        paced(context, lookEveryMs, () => {
          let left = workPerCallback
          for (const { key: currency, value: from } of [...untranslated.all()]) {
            if (left <= 0) return true
            left = translateOn(currency, from, left, context)
          }
          return left <= 0
        })
      },
      process({ key: currency, value: event }, context) {
        if (currency === null || event === null) return
        if (event.kind === 'rate') {
          translateOn(currency, `${currency}/`, workPerCallback, context)
          return
        }
        const { country, storeId, market, day, figures } = event.day
        const rate = inForce(currency, Date.parse(day))
        const key = `${currency}/${ledgerKey(country, storeId, market, day)}`
        tell(key, currency, { ...event.day, rate, figures: translated(figures, rate) }, context)
      }
    }
  }
}
