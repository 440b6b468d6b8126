import { Gauge, type Registry } from 'prom-client'
import type { Sink } from '../../index.ts'
import type { ProfitAndLoss } from '../../processors/retail/finance.ts'
import { AMOUNT_SCALE } from '../../processors/retail/model.ts'
import { keptRows } from './kept-rows.ts'

const days = 31
/** Older ones come back when the latest turn out to be wrong: of four times as many days with figures the lines are kept. */
const keptDays = 4 * days
const dayMs = 86_400_000

interface Line {
  readonly dayMs: number
  readonly country: string
  readonly currency: string
  readonly sales: number
  readonly returns: number
  /** Null: not every cost is known. */
  readonly margin: number | null
}

type Amount = 'sales' | 'returns' | 'margin'

/**
 * The daily profit and loss account as gauges, for a dashboard: what each country's customers bought, returned and left over in the latest 31 business days
 * that there are figures of, in the currency that the retailer reports in. Days without an exchange rate are left out, as are, of the
 * margin, days without all costs. A day that has not begun, such as one of a wrong year, is not the latest.
 */
export function financeGauges(name: string, registry: Registry): Sink<string, ProfitAndLoss> {
  const { sink, all } = keptRows<ProfitAndLoss, Line>(
    name,
    ({ day, market, rows, reportingCurrency, figures: { reporting } }) => {
      if (reporting === null) return null
      const { gross: sales, returns, margin } = reporting
      // a day that was taken back, or has expenses alone, is none that something was sold on
      if (rows === 0 && sales === 0 && returns === 0 && margin === 0) return null
      return { dayMs: Date.parse(day), country: market, currency: reportingCurrency, sales, returns, margin }
    },
    (lines) => {
      const latest = [...new Set(Array.from(lines, (line) => line.dayMs))].sort((a, b) => b - a)
      const oldest = latest[keptDays - 1] ?? 0
      return (line) => line.dayMs < oldest
    }
  )

  function* latestLines(): Generator<Line> {
    // it begins first where clocks are furthest ahead
    const begun = Date.now() + dayMs
    let newest = 0
    for (const line of all()) if (line.dayMs <= begun) newest = Math.max(newest, line.dayMs)
    for (const line of all()) if (line.dayMs <= newest && line.dayMs > newest - days * dayMs) yield line
  }

  addGauge('sales', 'Gross sales')
  addGauge('returns', 'Returns')
  addGauge('margin', 'Margin after the cost of what was sold')

  function addGauge(amount: Amount, what: string): void {
    const gauge: Gauge<'country' | 'currency'> = new Gauge({
      name: `retail_${amount}_amount`,
      help: `${what} of the latest ${days} business days, in the reporting currency`,
      labelNames: ['country', 'currency'],
      registers: [registry],
      collect: () => {
        gauge.reset()
        for (const { country, currency, [amount]: value } of latestLines())
          if (value !== null) gauge.inc({ country, currency }, value / AMOUNT_SCALE)
      }
    })
  }
  return sink
}
