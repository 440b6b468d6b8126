import { Gauge, type Registry } from 'prom-client'
import { type Sink, type SinkBatch, StreamsError } from '../../index.ts'
import type { ProfitAndLoss } from '../../processors/retail/finance.ts'

/** Amounts are whole numbers of 1/10,000. */
const scale = 10_000
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
 *
 * It keeps those days alone, in memory, and reads the topic from its start whenever it takes a partition over.
 */
export function financeGauges(name: string, registry: Registry): Sink<string, ProfitAndLoss> {
  const partitions = new Map<string, Map<string, Line>>()
  let newestMs = 0
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
        for (const lines of partitions.values())
          for (const { country, currency, [amount]: value } of lines.values())
            if (value !== null) gauge.inc({ country, currency }, value / scale)
      }
    })
  }

  function take(lines: Map<string, Line>, key: string, value: ProfitAndLoss | null): void {
    const figures = value?.figures.reporting
    if (value === null || figures === null || figures === undefined) {
      lines.delete(key)
      return
    }
    const { gross: sales, returns, margin } = figures
    const at = Date.parse(value.day)
    newestMs = Math.max(newestMs, at)
    lines.set(key, {
      dayMs: at,
      country: value.market,
      currency: value.reportingCurrency,
      sales,
      returns,
      margin
    })
  }

  return {
    name,
    async open(topic, _topicId, partition) {
      partitions.set(`${topic}-${partition}`, new Map())
      return 0
    },
    released(topic, partition) {
      partitions.delete(`${topic}-${partition}`)
    },
    async write({ topic, partition, records }: SinkBatch<string, ProfitAndLoss>) {
      const lines = partitions.get(`${topic}-${partition}`)
      if (lines === undefined) throw new StreamsError('SINK_FENCED', `${topic}-${partition} was not opened`)
      for (const { key, value } of records) if (key !== null) take(lines, key, value)
      for (const all of partitions.values())
        for (const [key, line] of all) if (line.dayMs <= newestMs - days * dayMs) all.delete(key)
      return []
    },
    async close() {
      partitions.clear()
    }
  }
}
