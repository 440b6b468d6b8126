import type { TableMapping } from '../../index.ts'
import { type Currencies, Figures, type ProfitAndLoss } from '../../processors/retail/finance.ts'
import { type Columns, tableOf } from './table-of.ts'

/** The figures of a period, in the store's currency and in the one that the retailer reports in. */
function figures(prefix: string, of: (line: ProfitAndLoss) => Currencies): Columns<ProfitAndLoss> {
  return Object.fromEntries(
    (Object.keys(Figures.shape) as (keyof Figures)[]).flatMap((figure) => [
      [prefix + figure, ['amount', (line: ProfitAndLoss) => of(line).local[figure]] as const],
      [
        `reporting_${prefix}${figure}`,
        ['amount', (line: ProfitAndLoss) => of(line).reporting?.[figure] ?? null] as const
      ]
    ])
  )
}

export const profitAndLossTable: TableMapping<string, ProfitAndLoss> = {
  ...tableOf<ProfitAndLoss>({
    table: 'daily_profit_and_loss',
    key: ['country', 'store_id', 'market', 'business_day'],
    columns: {
      country: ['text', 'country'],
      store_id: ['text', 'storeId'],
      market: ['text', 'market'],
      business_day: ['date', 'day'],
      version: ['integer', 'version'],
      fiscal_year: ['integer', 'fiscalYear'],
      fiscal_quarter: ['integer', 'fiscalQuarter'],
      fiscal_period: ['integer', 'fiscalPeriod'],
      fiscal_week: ['integer', 'fiscalWeek'],
      rows: ['bigint', 'rows'],
      currency: ['text', 'currency'],
      reporting_currency: ['text', 'reportingCurrency'],
      rate: ['rate', 'rate'],
      ...figures('', (line) => line.figures),
      ...figures('mtd_', (line) => line.monthToDate),
      ...figures('ytd_', (line) => line.yearToDate)
    }
  }),
  // a day is restated, never taken back
  keyOf: () => null
}
