import { Gauge, type Registry } from 'prom-client'
import type { Sink } from '../../index.ts'
import { AMOUNT_SCALE } from '../../processors/retail/model.ts'
import type { Projection } from '../../processors/retail/projections.ts'
import { keptRows } from './kept-rows.ts'

/** The latest month, quarter and year that are complete. */
const periods = [1, 3, 12] as const

type Month = Pick<Projection, 'country' | 'kind' | 'month' | 'horizon' | 'forecast' | 'actual'>

/** What forecasts were worth in a period: sums over series and months. */
interface Worth {
  sold: number
  error: number
  excess: number
}

type Labels = 'country' | 'kind'

/**
 * Forecasts as gauges, for a dashboard and an alert: of the stores and of the categories of each country, in its currency. Sums, so that those of
 * several processes add up; shares (WAPE, bias) are made of them where they are shown. Months that are over are held against what the
 * series' method forecast a month before. There are 15 months of a series at most.
 */
export function forecastGauges(name: string, registry: Registry): Sink<string, Projection> {
  const { sink, all } = keptRows<Projection, Month>(
    name,
    ({ country, kind, month, horizon, forecast, actual }) => ({
      country,
      kind,
      month,
      horizon,
      forecast,
      actual
    })
  )
  const forecast: Gauge<Labels | 'horizon'> = new Gauge({
    name: 'retail_forecast_amount',
    help: 'Forecast net sales of the latest complete month (horizon 0), the running one (1) and the two after it',
    labelNames: ['country', 'kind', 'horizon'],
    registers: [registry],
    collect() {
      forecast.reset()
      for (const one of latestMonths([...all()], 1))
        forecast.inc(
          { country: one.country, kind: one.kind, horizon: one.horizon },
          one.forecast / AMOUNT_SCALE
        )
    }
  })
  addWorth('sold', 'Net sales of the latest complete months that were forecast, without their signs')
  addWorth('error', 'How far forecasts were from net sales in the latest complete months, without signs')
  addWorth('excess', 'Forecasts less net sales in the latest complete months')

  function addWorth(figure: keyof Worth, help: string): void {
    const gauge: Gauge<Labels | 'months'> = new Gauge({
      name: `retail_forecast_${figure}_amount`,
      help,
      labelNames: ['country', 'kind', 'months'],
      registers: [registry],
      collect() {
        gauge.reset()
        for (const months of periods)
          for (const one of latestMonths([...all()], months))
            if (one.horizon === 0)
              gauge.inc({ country: one.country, kind: one.kind, months }, worth(one)[figure] / AMOUNT_SCALE)
      }
    })
  }

  return sink
}

/** The months to come, and of those that are over the latest of each country. */
function latestMonths(all: readonly Month[], count: number): Month[] {
  const latest = new Map<string, number>()
  for (const { country, horizon, month } of all)
    if (horizon === 0) latest.set(country, Math.max(latest.get(country) ?? 0, numberOf(month)))
  return all.filter(
    ({ country, horizon, month }) => horizon > 0 || numberOf(month) > (latest.get(country) ?? 0) - count
  )
}

/** Months since the year 0. */
function numberOf(month: string): number {
  const [year = 0, of = 0] = month.split('-').map(Number)
  return year * 12 + of
}

function worth({ forecast, actual }: Month): Worth {
  const sold = actual ?? 0
  return { sold: Math.abs(sold), error: Math.abs(forecast - sold), excess: forecast - sold }
}
