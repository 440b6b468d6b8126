import { beforeEach, describe, expect, it } from 'vitest'
import type { TableMapping } from '../../../sinks/tables/table-mapping.ts'
import { batchOf } from '../batches.ts'
import { entry, type Item, schemas } from './schema-fixture.ts'

const days: TableMapping<string, Item> = {
  table: 'days',
  columns: { country: 'text', day: 'date', row: 'int' },
  key: ['country', 'day', 'row'],
  row: ({ file, row, sku }) => ({ country: file, day: sku, row }),
  removes: ({ quantity }) => quantity < 0,
  partition: {
    of: (row) => `${row['country']}/${String(row['day']).slice(0, 7)}`,
    make: 'SELECT make_days($1)'
  }
}

/** A row of a country and a day; its quantity says whether it is taken back. */
function row(country: string, day: string, number: number, quantity = 1): readonly [string, Item] {
  return entry({ file: country, sku: day, row: number, quantity })
}

describe('partitions in PostgreSQL', () => {
  const schema = schemas()

  beforeEach(() =>
    schema().pool.query(`
      CREATE TABLE days (country text, day date, "row" int, PRIMARY KEY (country, day, "row")) PARTITION BY LIST (country);
      CREATE INDEX days_by_day ON days USING brin (day);
      CREATE FUNCTION make_days(name text) RETURNS void LANGUAGE plpgsql AS $$
      DECLARE
        country text := split_part(name, '/', 1);
        first date := (split_part(name, '/', 2) || '-01')::date;
        of_country text := 'days_' || lower(country);
        of_month text := of_country || to_char(first, '_YYYY_MM');
      BEGIN
        PERFORM pg_advisory_xact_lock(1, 2);
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF days FOR VALUES IN (%L) PARTITION BY RANGE (day)',
          of_country, country);
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
          of_month, of_country, first, first + interval '1 month');
      END $$`)
  )

  async function partitions(): Promise<unknown> {
    const { rows } = await schema().pool.query(
      `SELECT tableoid::regclass::text AS name, count(*)::int AS rows FROM days GROUP BY 1 ORDER BY 1`
    )
    return Object.fromEntries(rows.map(({ name, rows }) => [name, rows]))
  }

  it('are made for the rows that come, whoever comes first', async () => {
    const sinks = [0, 1, 2].map((partition) => ({ partition, sink: schema().sink({ tables: [days] }) }))
    const answers = await Promise.all(
      sinks.map(async ({ partition, sink }) => {
        await sink.open('sales', 'life-1', partition)
        const rows = [
          row('DE', '2024-01-31', partition),
          row('DE', '2024-02-01', partition),
          row('FR', '1997-12-24', partition)
        ]
        return sink.write(batchOf(0, rows, 'life-1', partition))
      })
    )
    expect(answers.flat()).toEqual([])
    expect(await partitions()).toEqual({ days_de_2024_01: 3, days_de_2024_02: 3, days_fr_1997_12: 3 })
    const { rows } = await schema().pool.query(
      `SELECT count(*)::int AS n FROM pg_indexes WHERE indexdef LIKE '%USING brin%' AND tablename = 'days_de_2024_02'`
    )
    expect(rows).toEqual([{ n: 1 }])
  })

  it('are not made for a row that is taken back, or one that names none', async () => {
    const sink = schema().sink({ tables: [days] })
    await sink.open('sales', 'life-1', 0)
    const rejections = await sink.write(
      batchOf(0, [
        row('DE', '2024-01-01', 1),
        row('DE', '2024-01-01', 2),
        row('DE', '2024-01-01', 1, -1),
        row('IT', '2024-01-01', 1, -1),
        row('DE', 'someday', 3),
        row('DE', '2024-01-32', 4)
      ])
    )
    expect(rejections.map(({ record, reason }) => [record.offset, reason])).toEqual([
      [4, expect.stringContaining('invalid input syntax for type date')],
      [5, expect.stringContaining('out of range')]
    ])
    expect(await partitions()).toEqual({ days_de_2024_01: 1 })
    const { rows } = await schema().pool.query(`SELECT to_regclass('days_it') AS it`)
    expect(rows).toEqual([{ it: null }])
  })

  it('are made again where one was dropped', async () => {
    const sink = schema().sink({ tables: [days] })
    await sink.open('sales', 'life-1', 0)
    await sink.write(batchOf(0, [row('DE', '2024-01-01', 1), row('DE', '2024-02-01', 1)]))
    await schema().pool.query('DROP TABLE days_de_2024_01')
    expect(await sink.write(batchOf(2, [row('DE', '2024-01-02', 2), row('DE', '2024-02-02', 2)]))).toEqual([])
    expect(await partitions()).toEqual({ days_de_2024_01: 1, days_de_2024_02: 2 })
  })
})
