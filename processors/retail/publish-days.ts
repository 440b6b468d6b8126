import {
  json,
  type KeyValueStore,
  keyValueStore,
  type Processor,
  type ProcessorContext,
  string
} from '../../index.ts'
import {
  type ProfitAndLoss,
  PublishedDay,
  sameCurrencies,
  type TranslatedDay,
  UnpublishedDay
} from './finance.ts'
import { fiscalPeriod } from './fiscal-calendar.ts'
import { ledgerKey } from './ledger-key.ts'
import { paced } from './paced.ts'
import { timeOfDay } from './time-of-day.ts'
import { extended, sameToDate, type ToDate } from './to-date.ts'

/** The lines as they were published last, by `country/storeId/market/day`. */
export const publishedDaysStore = keyValueStore({
  name: 'published-days',
  key: string(),
  value: json(PublishedDay),
  cached: true
})

/** Days that have changed since, by the same key. */
export const unpublishedDaysStore = keyValueStore({
  name: 'unpublished-days',
  key: string(),
  value: json(UnpublishedDay),
  cached: true
})

/**
 * The days of a store and market are published when none of them has changed for this long: by then their files are read, rather than half of
 * them, and sums to date are not restated for each of many files that come together.
 */
const quietMs = 3000
/** Days that never rest are published all the same. */
const longestMs = 60_000
const lookEveryMs = 250
/** What one callback does, counted in days read, before it leaves further stores, markets and years to the next one. */
const workPerCallback = 2_000
const lineWork = 10

const yearLength = 'yyyy'.length

/**
 * Publishes the lines of the daily account. A day that changes is published again with its next version, and so is each later day of its year
 * whose sums to date change with it. Days come keyed by `country/storeId/market`.
 */
export function publishDays(
  reportingCurrency: string
): () => Processor<string, TranslatedDay, string, ProfitAndLoss> {
  return () => {
    let published: KeyValueStore<string, PublishedDay>
    let unpublished: KeyValueStore<string, UnpublishedDay>
    /** Where the look-out goes on; null: at the beginning. */
    let cursor: string | null = null
    return {
      init(context) {
        published = context.store(publishedDaysStore)
        unpublished = context.store(unpublishedDaysStore)
        paced(context, lookEveryMs, (now) => {
          for (let left = workPerCallback; left > 0; ) {
            const waiting = nextStoreMarket(unpublished, cursor)
            const [first] = waiting
            if (first === undefined) {
              cursor = null
              return false
            }
            cursor = `${storeMarket(first.day)}0`
            // with reading alone no callback is at its end: at least one year is published
            left -= Math.min(waiting.length, workPerCallback - 1)
            const changedMs = waiting.reduce((latest, one) => Math.max(latest, one.changedMs), 0)
            const sinceMs = waiting.reduce((earliest, one) => Math.min(earliest, one.sinceMs), now)
            if (now - changedMs < quietMs && now - sinceMs < longestMs) continue
            const changed = waiting.map(({ day }) => day)
            for (const days of groups(changed, ({ day }) => day.slice(0, yearLength)).values()) {
              if (left <= 0) {
                // the other years
                cursor = `${storeMarket(first.day)}/`
                return true
              }
              left -= publish(days, published, reportingCurrency, context) * lineWork
              for (const day of days) unpublished.delete(keyOf(day), now)
            }
          }
          return true
        })
      },
      process({ value: day, timestamp }, context) {
        if (day === null) return
        const key = keyOf(day)
        const waiting = unpublished.get(key)
        const known = waiting?.day ?? published.get(key)
        // translated by the task of a currency that it is not in any more
        if (known !== null && day.turn < known.turn) return
        const sinceMs = waiting?.sinceMs ?? context.wallClock()
        unpublished.put(key, { day, sinceMs, changedMs: context.wallClock() }, timestamp)
      }
    }
  }
}

function keyOf({ country, storeId, market, day }: Omit<TranslatedDay, 'figures'>): string {
  return ledgerKey(country, storeId, market, day)
}

function storeMarket({ country, storeId, market }: Omit<TranslatedDay, 'figures'>): string {
  return ledgerKey(country, storeId, market)
}

/** The days of the next store and market that wait. */
function nextStoreMarket(
  unpublished: KeyValueStore<string, UnpublishedDay>,
  from: string | null
): UnpublishedDay[] {
  const waiting: UnpublishedDay[] = []
  let own: string | undefined
  for (const { value } of unpublished.range(from, null)) {
    own ??= storeMarket(value.day)
    if (storeMarket(value.day) !== own) break
    waiting.push(value)
  }
  return waiting
}

/** Those of one key together. They stay in order. */
function groups<T>(all: readonly T[], by: (one: T) => string): Map<string, [T, ...T[]]> {
  const found = new Map<string, [T, ...T[]]>()
  for (const one of all) {
    const key = by(one)
    const group = found.get(key)
    if (group === undefined) found.set(key, [one])
    else group.push(one)
  }
  return found
}

/** Publishes changed days of one year, the earliest first, and the later ones whose sums change with them. Returns how many lines. */
function publish(
  changed: readonly [TranslatedDay, ...TranslatedDay[]],
  published: KeyValueStore<string, PublishedDay>,
  reportingCurrency: string,
  context: ProcessorContext<string, ProfitAndLoss>
): number {
  const [first] = changed
  const year = first.day.slice(0, yearLength)
  const keyAt = (day: string) => keyOf({ ...first, day })
  const days = new Map<string, TranslatedDay>()
  for (const { key, value } of published.range(keyOf(first), keyAt(`${year}-12-31`))) days.set(key, value)
  for (const day of changed) days.set(keyOf(day), day)

  let lines = 0
  let toDate = lastBefore(published, keyAt(`${year}-01-01`), keyOf(first))
  for (const [key, day] of [...days].sort(([, a], [, b]) => (a.day < b.day ? -1 : 1))) {
    toDate = extended(toDate, day)
    const former = published.get(key)
    const timestamp = timeOfDay(day.day, context.wallClock())
    if (former === null ? isNothing(day) : sameDay(former, day) && sameToDate(former, toDate)) {
      if (former !== null && former.turn !== day.turn)
        published.put(key, { ...former, turn: day.turn }, timestamp)
      continue
    }
    const line: ProfitAndLoss = {
      country: day.country,
      storeId: day.storeId,
      market: day.market,
      day: day.day,
      currency: day.currency,
      rows: day.rows,
      rate: day.rate,
      figures: day.figures,
      reportingCurrency,
      version: (former?.version ?? 0) + 1,
      ...fiscalPeriod(day.day),
      monthToDate: toDate.month,
      yearToDate: toDate.year
    }
    published.put(key, { ...line, turn: day.turn }, timestamp)
    context.forward({ key, value: line, timestamp, headers: [] })
    lines++
  }
  return lines
}

/** The sums up to the last day in the range before `to`; undefined where the year has none. */
function lastBefore(
  published: KeyValueStore<string, PublishedDay>,
  from: string,
  to: string
): ToDate | undefined {
  for (const { key, value } of published.reverseRange(from, to))
    if (key !== to) return { day: value.day, month: value.monthToDate, year: value.yearToDate }
  return undefined
}

/** Nothing was sold or spent, so far at least. One that was in another currency is published, so that this is known to be its former one. */
function isNothing({ rows, turn, figures: { local } }: TranslatedDay): boolean {
  return (
    turn === 0 &&
    rows === 0 &&
    local.gross === 0 &&
    local.returns === 0 &&
    local.discount === 0 &&
    local.expenses === 0
  )
}

function sameDay(a: TranslatedDay, b: TranslatedDay): boolean {
  return (
    a.rows === b.rows &&
    a.rate === b.rate &&
    a.currency === b.currency &&
    sameCurrencies(a.figures, b.figures)
  )
}
