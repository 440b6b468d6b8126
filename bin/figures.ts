import { Client } from '@elastic/elasticsearch'
import pg from 'pg'
import { type KafkaClient, string, topic } from '../index.ts'
import { AMOUNT_SCALE } from '../processors/retail/model.ts'
import { skuIndex } from '../sinks/retail/sku-index.ts'
import * as topics from '../topology/retail/topics.ts'
import type { Counts } from './count-input.ts'
import { readTopic } from './read-topic.ts'
import { rejectedRows } from './rejected-rows.ts'
import { sinkDeadLetters } from './retail-app.ts'

/*
 * What each place says, of the buckets of some countries: rows and money by the customers' countries. No place is asked through another.
 */

export type PostgresPlace = 'lineItems' | 'ledgers' | 'categoryLedger'

const statements: Readonly<Record<PostgresPlace, string>> = {
  lineItems:
    'SELECT market, count(*) AS rows, sum(sales) AS net FROM line_items WHERE country = ANY($1) GROUP BY 1',
  ledgers:
    'SELECT market, sum(rows) AS rows, sum(net) AS net FROM sku_days WHERE country = ANY($1) GROUP BY 1',
  categoryLedger:
    'SELECT market, sum(rows) AS rows, sum(net) AS net FROM category_days WHERE country = ANY($1) GROUP BY 1'
}

export interface PostgresFigures extends Readonly<Record<PostgresPlace, Counts>> {
  /** The ledger of stores, which knows no customers' countries. */
  readonly storeLedger: { readonly rows: number; readonly net: bigint }
  /** Versions of files whose rows do not agree with what became of them. */
  readonly unreconciledFiles: readonly string[]
  /** Files that could not be read, and why. */
  readonly rejectedFiles: ReadonlyMap<string, string>
}

export async function postgresFigures(
  databaseUrl: string,
  countries: readonly string[]
): Promise<PostgresFigures> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const ask = async <Row extends pg.QueryResultRow>(statement: string) =>
      (await client.query<Row>(statement, [countries])).rows
    const counts = async (place: PostgresPlace): Promise<Counts> => {
      const rows = await ask<{ market: string; rows: string; net: string }>(statements[place])
      return new Map(rows.map((row) => [row.market, { rows: Number(row.rows), net: scaled(row.net) }]))
    }
    const [stores] = await ask<{ rows: string; net: string }>(
      'SELECT coalesce(sum(rows), 0) AS rows, coalesce(sum(net), 0) AS net FROM store_days WHERE country = ANY($1)'
    )
    const unreconciled = await ask<{ file: string }>(
      "SELECT file || '#' || revision AS file FROM reconciliation WHERE country = ANY($1) AND NOT agree ORDER BY 1"
    )
    const rejected = await ask<{ file: string; reason: string }>(
      "SELECT file, reason FROM files WHERE country = ANY($1) AND state = 'rejected' ORDER BY 1"
    )
    return {
      lineItems: await counts('lineItems'),
      ledgers: await counts('ledgers'),
      categoryLedger: await counts('categoryLedger'),
      storeLedger: { rows: Number(stores?.rows ?? 0), net: scaled(stores?.net ?? '0') },
      unreconciledFiles: unreconciled.map(({ file }) => file),
      rejectedFiles: new Map(rejected.map(({ file, reason }) => [file, reason]))
    }
  } finally {
    await client.end()
  }
}

/** A decimal of PostgreSQL's, with any number of places up to four. */
function scaled(decimal: string): bigint {
  const [whole = '0', decimals = ''] = decimal.split('.')
  return BigInt(whole + decimals.padEnd(4, '0'))
}

interface MarketBucket {
  readonly key: string
  readonly rows: { readonly value: number }
  readonly net: { readonly value: number }
}

/** What the search says, summed over what is nested in its documents. */
export async function elasticsearchFigures(url: string, countries: readonly string[]): Promise<Counts> {
  const client = new Client({ node: url })
  try {
    // nothing may have been sold yet: then there is no index
    const quietly = { ignore_unavailable: true, allow_no_indices: true }
    await client.indices.refresh({ index: skuIndex.index, ...quietly })
    const sum = (field: string) => ({ sum: { field: `markets.${field}` } })
    const answer = await client.search<unknown, { nested: { markets: { buckets: MarketBucket[] } } }>({
      index: skuIndex.index,
      ...quietly,
      size: 0,
      query: { terms: { country: [...countries] } },
      aggs: {
        nested: {
          nested: { path: 'markets' },
          aggs: {
            markets: {
              terms: { field: 'markets.market', size: 10_000 },
              aggs: { rows: sum('rows'), net: sum('net') }
            }
          }
        }
      }
    })
    const buckets = answer.aggregations?.nested.markets.buckets ?? []
    return new Map(buckets.map(({ key, rows, net }) => [key, { rows: rows.value, net: BigInt(net.value) }]))
  } finally {
    await client.close()
  }
}

/** What the finance topic says: its latest lines. */
export async function financeFigures(kafka: KafkaClient, countries: readonly string[]): Promise<Counts> {
  const lines = new Map<string, { readonly market: string; readonly rows: number; readonly net: number }>()
  await readTopic(kafka, 'retail-figures', topics.profitAndLoss, (record) => {
    const line = record.value()
    if (line === null || !countries.includes(line.country)) return
    lines.set(record.key() as string, { market: line.market, rows: line.rows, net: line.figures.local.net })
  })
  return counted(lines.values())
}

/** What could not become a sale, and what a sink has refused. */
export async function deadLetterFigures(
  kafka: KafkaClient,
  countries: readonly string[]
): Promise<{ readonly rows: Counts; readonly refusedBySinks: number }> {
  const rejected = await rejectedRows(kafka, 'retail-figures', ({ country }) => countries.includes(country))
  let refusedBySinks = 0
  await readTopic(
    kafka,
    'retail-figures',
    topic(sinkDeadLetters.name, { key: string(), value: string() }),
    () => {
      refusedBySinks++
    }
  )
  return { rows: counted(rejected), refusedBySinks }
}

function counted(
  parts: Iterable<{ readonly market: string; readonly rows: number; readonly net: number }>
): Counts {
  const counts: Counts = new Map()
  for (const { market, rows, net } of parts) {
    const before = counts.get(market) ?? { rows: 0, net: 0n }
    counts.set(market, { rows: before.rows + rows, net: before.net + BigInt(net) })
  }
  return counts
}

/** Ten-thousandths as decimal text. */
export function decimal(amount: bigint): string {
  const positive = amount < 0n ? -amount : amount
  const scale = BigInt(AMOUNT_SCALE)
  return `${amount < 0n ? '-' : ''}${positive / scale}.${String(positive % scale).padStart(4, '0')}`
}
