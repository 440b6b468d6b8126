import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import type { ClientBase } from 'pg'
import { bucketOf } from '../../bin/buckets.ts'

type Row = Readonly<Record<string, string>>

/** Puts what the reference files say into the temporary tables that the queries take: `sent` and `products`. */
export async function loadReferences(client: ClientBase, folder: string): Promise<void> {
  const sent = new Map<string, readonly [string, string, string, string]>()
  const products = new Map<string, readonly [string, string, string]>()
  for (const bucket of await readdir(folder)) {
    const { country } = bucketOf(bucket)
    // of two rows with one key the later one holds
    for (const { store_id = '', sku = '', day, units_shipped = '' } of await rowsOf(
      folder,
      bucket,
      'inventory'
    ))
      sent.set(`${country}/${store_id}/${sku}/${day}`, [country, store_id, sku, units_shipped])
    for (const { sku = '', category = '' } of await rowsOf(folder, bucket, 'products'))
      products.set(`${country}/${sku}`, [country, sku, category])
  }
  await client.query(`
    CREATE TEMP TABLE IF NOT EXISTS sent (country text, store_id text, sku text, units numeric);
    CREATE TEMP TABLE IF NOT EXISTS products (country text, sku text, category text);
    TRUNCATE sent, products`)
  await client.query(
    `INSERT INTO sent SELECT country, store_id, sku, sum(units::numeric)
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS rows (country, store_id, sku, units) GROUP BY 1, 2, 3`,
    columnsOf([...sent.values()], 4)
  )
  await client.query(
    'INSERT INTO products SELECT * FROM unnest($1::text[], $2::text[], $3::text[])',
    columnsOf([...products.values()], 3)
  )
}

async function rowsOf(folder: string, bucket: string, name: string): Promise<readonly Row[]> {
  const text = await readFile(join(folder, bucket, 'reference', `${name}.csv`), 'utf8').catch(() => '')
  return parse(text, { columns: true }) as Row[]
}

function columnsOf(rows: readonly (readonly string[])[], count: number): string[][] {
  return Array.from({ length: count }, (_, at) => rows.map((row) => row[at] ?? ''))
}
