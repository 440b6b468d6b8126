import { Client } from '@elastic/elasticsearch'
import pg from 'pg'
import { formatAmount } from '../processors/retail/format-amount.ts'
import { skuIndex } from '../sinks/retail/sku-index.ts'

/** Figures of one country; decimals as text with four places. */
export interface CountryFigures {
  readonly rows: number
  readonly units: string
  readonly sales: string
  readonly cost: string
}

export type Figures = ReadonlyMap<string, CountryFigures>

/** What PostgreSQL says, from the daily totals that the graph made. */
export async function postgresFigures(databaseUrl: string): Promise<Figures> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<Record<'country' | 'rows' | 'units' | 'sales' | 'cost', string>>(
      'SELECT country, sum(rows) AS rows, sum(units) AS units, sum(sales) AS sales, sum(cost) AS cost FROM store_days GROUP BY country'
    )
    return new Map(
      rows.map((row) => [
        row.country,
        { rows: Number(row.rows), units: row.units, sales: row.sales, cost: row.cost }
      ])
    )
  } finally {
    await client.end()
  }
}

/** What Elasticsearch says, summed over its SKU documents. */
export async function elasticsearchFigures(url: string): Promise<Figures> {
  const client = new Client({ node: url })
  try {
    await client.indices.refresh({ index: skuIndex.index })
    const sum = (field: string) => ({ sum: { field } })
    const answer = await client.search<unknown, { countries: { buckets: CountryBucket[] } }>({
      index: skuIndex.index,
      size: 0,
      aggs: {
        countries: {
          terms: { field: 'country', size: 300 },
          aggs: { rows: sum('rows'), units: sum('units'), sales: sum('sales'), cost: sum('cost') }
        }
      }
    })
    const buckets = answer.aggregations?.countries.buckets ?? []
    return new Map(
      buckets.map((bucket) => [
        bucket.key,
        {
          rows: bucket.rows.value,
          units: formatAmount(bucket.units.value),
          sales: formatAmount(bucket.sales.value),
          cost: formatAmount(bucket.cost.value)
        }
      ])
    )
  } finally {
    await client.close()
  }
}

interface CountryBucket {
  readonly key: string
  readonly rows: { readonly value: number }
  readonly units: { readonly value: number }
  readonly sales: { readonly value: number }
  readonly cost: { readonly value: number }
}

/** True when all places have the same countries with the same figures. */
export function agree(places: readonly Figures[]): boolean {
  const [first, ...others] = places.map(canonical)
  return others.every((other) => other === first)
}

function canonical(figures: Figures): string {
  return [...figures]
    .map(([country, { rows, units, sales, cost }]) => [country, rows, units, sales, cost].join(' '))
    .sort()
    .join('\n')
}

/** A table for people: a row per country and place, and a total per place. */
export function reconciliationTable(places: readonly (readonly [name: string, figures: Figures])[]): string {
  const lines: string[][] = [['country', 'counted in', 'rows', 'units', 'sales', 'cost']]
  const countries = [...new Set(places.flatMap(([, figures]) => [...figures.keys()]))].sort()
  for (const country of countries)
    for (const [name, figures] of places) lines.push([country, name, ...cells(figures.get(country))])
  for (const [name, figures] of places) lines.push(['all', name, ...cells(total(figures))])
  const widths = (lines[0] as string[]).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0))
  )
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column < 2 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number)
        )
        .join('  ')
    )
    .join('\n')
}

function cells(figures: CountryFigures | undefined): string[] {
  if (figures === undefined) return ['-', '-', '-', '-']
  return [String(figures.rows), figures.units, figures.sales, figures.cost]
}

function total(figures: Figures): CountryFigures {
  const sum = (field: 'units' | 'sales' | 'cost') =>
    formatAmount([...figures.values()].reduce((all, one) => all + Number(one[field].replace('.', '')), 0))
  return {
    rows: [...figures.values()].reduce((all, one) => all + one.rows, 0),
    units: sum('units'),
    sales: sum('sales'),
    cost: sum('cost')
  }
}
