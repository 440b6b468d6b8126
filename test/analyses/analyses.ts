import {
  basketPairsTable,
  categoryProjectionsTable,
  priceAnomaliesTable,
  projectionAccuracyTable,
  storeProjectionsTable,
  topSkusTable,
  velocityTable
} from '../../sinks/retail/analysis-tables.ts'
import { anomalyQuery, basketQuery, topQuery, velocityQuery } from '../retail/analysis-queries.ts'
import { accuracyQuery, categoryMonthsQuery, storeMonthsQuery } from '../retail/projection-queries.ts'

/** What the system shows in a table, and the query that says what must be there. */
export interface Analysis {
  readonly name: string
  /** A table, or a query in parentheses. */
  readonly table: string
  readonly key: readonly string[]
  /** Types by name; keys are among them. */
  readonly columns: Readonly<Record<string, string>>
  readonly query: string
}

function analysis(
  name: string,
  query: string,
  { table, key, columns }: Pick<Analysis, 'table' | 'key' | 'columns'>
): Analysis {
  return { name, query, table, key, columns }
}

export const analyses: readonly Analysis[] = [
  analysis('top-skus', topQuery, topSkusTable),
  analysis('velocity', velocityQuery, velocityTable),
  analysis('baskets', basketQuery, basketPairsTable),
  analysis('price-anomalies', anomalyQuery, priceAnomaliesTable),
  {
    name: 'their line items',
    table: '(SELECT country, sku, price, count(*) AS rows FROM price_anomaly_rows GROUP BY 1, 2, 3)',
    key: ['country', 'sku', 'price'],
    columns: { country: 'text', sku: 'text', price: 'numeric', rows: 'bigint' },
    query: `SELECT country, sku, price, rows FROM (${anomalyQuery}) anomalies`
  },
  analysis('store projections', storeMonthsQuery, storeProjectionsTable),
  analysis('category projections', categoryMonthsQuery, categoryProjectionsTable),
  analysis('accuracy', accuracyQuery, projectionAccuracyTable)
]
