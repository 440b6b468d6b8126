import { Gauge, type Registry } from 'prom-client'
import type { Sink, StreamsBuilder, TableMapping, Topic } from '../../index.ts'
import { ledgerParts } from '../../processors/retail/ledger-key.ts'
import { type KeptRows, keptRows } from './kept-rows.ts'

/** An analysis of one's own: what it adds to the graph, and where its rows are to be seen. */
export interface OwnAnalysis<V> {
  /** What its sinks and its figures are called, such as `sku-returns`. */
  readonly name: string
  readonly build: (builder: StreamsBuilder) => void
  /** Its rows. Their keys begin with the country and a slash. */
  readonly topic: Topic<string, V>
  /** Made where there is none; for other columns later, give it another name. */
  readonly table: TableMapping<string, V>
  /** What the dashboard shows of each country: sums over its rows. Default: nothing. */
  readonly figures?: Readonly<Record<string, (row: V) => number>>
}

/** Its rows are its own business. */
export type AnyAnalysis = OwnAnalysis<never>

export function ownAnalysis<V>(analysis: OwnAnalysis<V>): AnyAnalysis {
  return analysis as unknown as AnyAnalysis
}

interface Shown {
  readonly country: string
  readonly values: readonly (readonly [figure: string, value: number])[]
}

/** One gauge for the figures of all of them. Returns what makes the sink that feeds it with an analysis's rows, which are kept in memory. */
export function analysisGauge(
  registry: Registry
): (name: string, analysis: AnyAnalysis) => Sink<string, never> {
  const shown = new Map<string, KeptRows<never, Shown>>()
  const gauge: Gauge<'analysis' | 'country' | 'figure'> = new Gauge({
    name: 'retail_analysis_figure',
    help: "Figures of one's own analyses: sums over the rows of a country",
    labelNames: ['analysis', 'country', 'figure'],
    registers: [registry],
    collect() {
      gauge.reset()
      for (const [analysis, rows] of shown)
        for (const { country, values } of rows.all())
          for (const [figure, value] of values) gauge.inc({ analysis, country, figure }, value)
    }
  })
  return (name, { name: analysis, figures = {} }) => {
    const all = Object.entries(figures)
    const rows = keptRows<never, Shown>(name, (row, key) => ({
      country: ledgerParts(key)[0] ?? '',
      values: all.map(([figure, of]) => [figure, of(row)])
    }))
    shown.set(analysis, rows)
    return rows.sink
  }
}
