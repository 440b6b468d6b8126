import type { TableMapping } from '../../index.ts'
import { type Currencies, Figures, type ProfitAndLoss } from '../../processors/retail/finance.ts'
import { optionalAmount, optionalRate } from './tables.ts'

const lines = Object.keys(Figures.shape) as (keyof Figures)[]
const prefixes = ['', 'mtd_', 'ytd_', 'reporting_', 'reporting_mtd_', 'reporting_ytd_']

function figures(prefix: string, of: Figures | null): Record<string, unknown> {
  return Object.fromEntries(
    lines.map((line) => [prefix + line, of === null ? null : optionalAmount(of[line])])
  )
}

function currencies(prefix: string, { local, reporting }: Currencies): Record<string, unknown> {
  return { ...figures(prefix, local), ...figures(`reporting_${prefix}`, reporting) }
}

export const profitAndLossTable: TableMapping<string, ProfitAndLoss> = {
  table: 'daily_profit_and_loss',
  columns: {
    country: 'text',
    store_id: 'text',
    market: 'text',
    business_day: 'date',
    version: 'integer',
    fiscal_year: 'integer',
    fiscal_quarter: 'integer',
    fiscal_period: 'integer',
    fiscal_week: 'integer',
    rows: 'bigint',
    currency: 'text',
    reporting_currency: 'text',
    rate: 'numeric',
    ...Object.fromEntries(prefixes.flatMap((prefix) => lines.map((line) => [prefix + line, 'numeric'])))
  },
  key: ['country', 'store_id', 'market', 'business_day'],
  row: (line) => ({
    country: line.country,
    store_id: line.storeId,
    market: line.market,
    business_day: line.day,
    version: line.version,
    fiscal_year: line.fiscalYear,
    fiscal_quarter: line.fiscalQuarter,
    fiscal_period: line.fiscalPeriod,
    fiscal_week: line.fiscalWeek,
    rows: line.rows,
    currency: line.currency,
    reporting_currency: line.reportingCurrency,
    rate: optionalRate(line.rate),
    ...currencies('', line.figures),
    ...currencies('mtd_', line.monthToDate),
    ...currencies('ytd_', line.yearToDate)
  })
}
