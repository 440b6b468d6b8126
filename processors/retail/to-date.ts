import {
  addFigures,
  type Currencies,
  type ProfitAndLoss,
  sameCurrencies,
  type TranslatedDay
} from './finance.ts'

const monthLength = 'yyyy-mm'.length

/** Sums of the calendar month and year up to a day. */
export interface ToDate {
  readonly day: string
  readonly month: Currencies
  readonly year: Currencies
}

/** The sums up to the next day of the year; undefined before its first. */
export function extended(
  before: ToDate | undefined,
  { day, figures }: Pick<TranslatedDay, 'day' | 'figures'>
): ToDate {
  if (before === undefined) return { day, month: figures, year: figures }
  const sameMonth = before.day.slice(0, monthLength) === day.slice(0, monthLength)
  return { day, month: sameMonth ? added(before.month, figures) : figures, year: added(before.year, figures) }
}

/** A sum has no value in the reporting currency while one of its days has none. */
function added(a: Currencies, b: Currencies): Currencies {
  const reporting = a.reporting === null || b.reporting === null ? null : addFigures(a.reporting, b.reporting)
  return { local: addFigures(a.local, b.local), reporting }
}

export function sameToDate(line: ProfitAndLoss, { month, year }: ToDate): boolean {
  return sameCurrencies(line.monthToDate, month) && sameCurrencies(line.yearToDate, year)
}
