import { z } from 'zod'
import { amount, businessDay, country, currency, Expense, RATE_SCALE } from './model.ts'

/** Lines of a profit and loss account. */
export const Figures = z.object({
  gross: amount,
  returns: amount,
  discount: amount,
  /** `gross` - `returns` - `discount`. */
  net: amount,
  /** Of what was sold; null while it is not known of every row. Then there is no margin and no profit either. */
  cost: amount.nullable(),
  /** `net` - `cost`. */
  margin: amount.nullable(),
  expenses: amount,
  /** `margin` - `expenses`. */
  profit: amount.nullable()
})
export type Figures = z.infer<typeof Figures>

/** The same in the store's currency and in the one that the retailer reports in; null where no exchange rate was in force. */
export const Currencies = z.object({ local: Figures, reporting: Figures.nullable() })
export type Currencies = z.infer<typeof Currencies>

/** What a store sold to a market on a day and spent on it. Keyed by `country/storeId/market/day`. */
export const FinanceDay = z.object({
  country,
  storeId: z.string(),
  market: z.string(),
  day: businessDay,
  currency,
  rows: z.int(),
  figures: Figures
})
export type FinanceDay = z.infer<typeof FinanceDay>

/** The same, and how many other currencies it was in before, because a file or a bucket named a wrong one. */
export const CurrencyDay = FinanceDay.extend({ turn: z.int() })
export type CurrencyDay = z.infer<typeof CurrencyDay>

/** The same with its exchange rate. */
export const TranslatedDay = CurrencyDay.extend({
  /** See RATE_SCALE; null: none was in force. */
  rate: z.int().nullable(),
  figures: Currencies
})
export type TranslatedDay = z.infer<typeof TranslatedDay>

/** A day that waits to be published: since when, and when it changed last, by the wall clock. */
export const UnpublishedDay = z.object({ day: TranslatedDay, sinceMs: z.int(), changedMs: z.int() })
export type UnpublishedDay = z.infer<typeof UnpublishedDay>

/** A line of the daily profit and loss account. Keyed by `country/storeId/market/day`. */
export const ProfitAndLoss = TranslatedDay.omit({ turn: true }).extend({
  reportingCurrency: currency,
  /** 1 when the day is first published, one more each time it is published again because it has changed. */
  version: z.int().positive(),
  fiscalYear: z.int(),
  fiscalQuarter: z.int(),
  fiscalPeriod: z.int(),
  fiscalWeek: z.int(),
  /** Of the calendar month and year up to this day. */
  monthToDate: Currencies,
  yearToDate: Currencies
})
export type ProfitAndLoss = z.infer<typeof ProfitAndLoss>

/** A line as it was published. */
export const PublishedDay = ProfitAndLoss.extend({ turn: CurrencyDay.shape.turn })
export type PublishedDay = z.infer<typeof PublishedDay>

/** What a store spent on a day. Keyed like the sales to its own country. */
export const ExpenseDay = Expense.omit({ account: true })
export type ExpenseDay = z.infer<typeof ExpenseDay>

/** The lines that the others follow from. */
type Basis = Pick<Figures, 'gross' | 'returns' | 'discount' | 'cost' | 'expenses'>

/** Makes the whole account, so that its lines add up in each currency, whatever was rounded. */
export function figures({ gross, returns, discount, cost, expenses }: Basis): Figures {
  const net = gross - returns - discount
  const margin = cost === null ? null : net - cost
  const profit = margin === null ? null : margin - expenses
  return { gross, returns, discount, net, cost, margin, expenses, profit }
}

export function sameCurrencies(a: Currencies, b: Currencies): boolean {
  return sameFigures(a.local, b.local) && sameFigures(a.reporting, b.reporting)
}

/** The others follow from these. */
function sameFigures(a: Figures | null, b: Figures | null): boolean {
  if (a === null || b === null) return a === b
  return (
    a.gross === b.gross &&
    a.returns === b.returns &&
    a.discount === b.discount &&
    a.cost === b.cost &&
    a.expenses === b.expenses
  )
}

export function addFigures(a: Figures, b: Figures): Figures {
  return figures({
    gross: a.gross + b.gross,
    returns: a.returns + b.returns,
    discount: a.discount + b.discount,
    cost: a.cost === null || b.cost === null ? null : a.cost + b.cost,
    expenses: a.expenses + b.expenses
  })
}

/** At an exchange rate, each line rounded to whole ten-thousandths, half away from zero. */
export function translate(local: Figures, rate: number): Figures {
  return figures({
    gross: exchanged(local.gross, rate),
    returns: exchanged(local.returns, rate),
    discount: exchanged(local.discount, rate),
    cost: local.cost === null ? null : exchanged(local.cost, rate),
    expenses: exchanged(local.expenses, rate)
  })
}

/**
 * Nothing is nothing in any currency: a day that was taken back, or one that a row had by mistake, leaves no hole in the sums to date, though no
 * rate was in force.
 */
export function translated(local: Figures, rate: number | null): Currencies {
  if (rate !== null) return { local, reporting: translate(local, rate) }
  return { local, reporting: isNothing(local) ? local : null }
}

function isNothing({ gross, returns, discount, cost, expenses }: Figures): boolean {
  return gross === 0 && returns === 0 && discount === 0 && cost === 0 && expenses === 0
}

const scale = BigInt(RATE_SCALE)

function exchanged(value: number, rate: number): number {
  const product = BigInt(Math.abs(value)) * BigInt(rate)
  const rounded = Number((product + scale / 2n) / scale)
  return value < 0 && rounded !== 0 ? -rounded : rounded
}
