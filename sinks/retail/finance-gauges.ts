import { Gauge, type Registry } from 'prom-client'
import type { Sink } from '../../index.ts'
import type { ProfitAndLoss } from '../../processors/retail/finance.ts'
import { AMOUNT_SCALE } from '../../processors/retail/model.ts'
import { keptRows } from './kept-rows.ts'

const days = 31
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
 * margin, days without all costs.
 */
export function financeGauges(name: string, registry: Registry): Sink<string, ProfitAndLoss> {
  let newestMs = 0
  const { sink, all } = keptRows<ProfitAndLoss, Line>(
    name,
    ({ day, market, reportingCurrency, figures: { reporting } }) => {
      if (reporting === null) return null
      const { gross: sales, returns, margin } = reporting
      const at = Date.parse(day)
      newestMs = Math.max(newestMs, at)
      return { dayMs: at, country: market, currency: reportingCurrency, sales, returns, margin }
    },
    (line) => line.dayMs <= newestMs - days * dayMs
  )
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
        for (const { country, currency, [amount]: value } of all())
          if (value !== null) gauge.inc({ country, currency }, value / AMOUNT_SCALE)
      }
    })
  }
  return sink
}
