import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import pg from 'pg'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { loadAnalyses } from '../../bin/load-export.ts'
import { makeReport, type Report } from '../../bin/report.ts'
import { RetailApp, type RetailAppOptions } from '../../bin/retail-app.ts'
import { PlatformaticClient, silentLogger } from '../../index.ts'
import { Ingest } from '../../ingest/ingest.ts'
import { ObjectStore } from '../../ingest/object-store.ts'
import * as topics from '../../topology/retail/topics.ts'
import { server } from '../sinks/servers.ts'

/*
 * From files as they really come to tables, search, finance and dead letters, and from a corrected file to the same: the whole retail system
 * on real servers.
 */

const header = 'date,store_id,sku,customer_id,promotion_id,units,sales,cost'
const row = (store: string, sku: string, customer = 'c') =>
  `1997-01-05,${store},${sku},${customer},0,2,1.5000,0.5100`
const id = Date.now().toString(36)
const bucket = `odd-${id}-us`
const files: Record<string, string | Buffer> = {
  'reference/stores.csv': 'store_id,name,city,region,category,chain\n1,First,Salem,OR,individual,\n',
  'reference/products.csv':
    'sku,name,brand,category,subcategory,list_price\n100,Tea,Leaf,Drinks,Tea,1.9900\n',
  'reference/expenses.csv': 'store_id,account,day,currency,amount\n1,Lease,1997-01-05,USD,0.5\n',
  '1/1997-01.csv': `${header}\n${row('1', '100')}\n1997-02-31,1,100,c,0,2,1.5,0.5\nshort\n${row('1', '100').replace('1.5000', 'much')}\n${row('1', '101')}\n`,
  '1/1997-02.csv': '',
  '2/1997-01.csv': `\uFEFF${header}\r\n${row('2', '100')}\r\n${row('2', '101')}\r\n`,
  '2/1997-02.csv': `${header}\n${row('2', '100', '"one\nand ""two"""')}\n${row('2', '101')}\n`,
  '3/1997-01.csv.gz': gzipSync(`${header}\n${row('3', '100')}\n${row('3', '100')}\n`),
  '4/1997-01.csv': `date,shop,article,price\n1997-01-05,4,100,1\n`,
  '5/1997-01.csv': `${header}\n`
}

let directory: string
let analyses: NonNullable<RetailAppOptions['analyses']> = []
let app: RetailApp
let ingest: Ingest
let database: pg.Pool
const kafka = new PlatformaticClient({ brokers: server('KAFKA_BROKERS').split(',') })
const objectStore = new ObjectStore({
  endpoint: server('S3_ENDPOINT'),
  credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
})
const buckets = [{ bucket, country: 'US', currency: 'USD', timeZone: 'America/Los_Angeles' }]

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'store-sku-retail-'))
  database = new pg.Pool({ connectionString: server('DATABASE_URL') })
  analyses = await loadAnalyses(['docs/examples/sku-returns.ts#skuReturns'])
  app = new RetailApp(options())
  await objectStore.ensureBucket(bucket)
  for (const [key, content] of Object.entries(files)) await objectStore.put(bucket, key, content)
  ingest = new Ingest({
    kafka,
    objectStore,
    buckets,
    topics,
    stateDirectory: directory,
    applicationId: `odd-${id}`,
    archive: `odd-${id}-archive`
  })
  await app.start()
  await ingest.start()
  await read()
})

afterAll(async () => {
  await ingest.close()
  await app.close()
  await database.end()
  await rm(directory, { recursive: true, force: true })
})

function options(): RetailAppOptions {
  return {
    kafka,
    databaseUrl: server('DATABASE_URL'),
    elasticsearchUrl: server('ELASTICSEARCH_URL'),
    stateDirectory: directory,
    commitIntervalMs: 200,
    logger: silentLogger,
    onRestore: () => undefined,
    analyses
  }
}

/** Lets it read what is in the bucket, and waits until all that follows is done. */
async function read(): Promise<void> {
  await ingest.scan()
  for (let quiet = 0; quiet < 2; await setTimeout(400)) {
    const lag = async () => (await app.graphLag()).records + (await app.sinkLag()).records
    const done = (await Promise.race([app.failed, ingest.failed, ingest.isFinished()])) && app.isSettled()
    quiet = done && (await lag()) === 0 ? quiet + 1 : 0
  }
}

async function report(): Promise<Report> {
  const places = { store: objectStore, buckets, kafka }
  const urls = { databaseUrl: server('DATABASE_URL'), elasticsearchUrl: server('ELASTICSEARCH_URL') }
  return (await makeReport({ ...places, ...urls })).report
}

it('counts the right rows of every file', async () => {
  const { rows } = await database.query(
    'SELECT substr(file, length($1) + 2) AS file, count(*)::int AS rows FROM line_items WHERE file LIKE $1 || $2 GROUP BY 1 ORDER BY 1',
    [bucket, '/%']
  )
  expect(rows).toEqual([
    { file: '1/1997-01.csv', rows: 2 },
    { file: '2/1997-01.csv', rows: 2 },
    { file: '2/1997-02.csv', rows: 2 },
    { file: '3/1997-01.csv.gz', rows: 2 }
  ])
  const quoted = await database.query('SELECT customer_id FROM line_items WHERE file = $1 AND row = 1', [
    `${bucket}/2/1997-02.csv`
  ])
  expect(quoted.rows).toEqual([{ customer_id: 'one\nand "two"' }])
})

it('says of each file how its reading ended', async () => {
  const { rows } = await database.query(
    'SELECT substr(file, length($1) + 2) AS file, state, rows::int, reason FROM files WHERE file LIKE $1 || $2 ORDER BY file',
    [bucket, '/%']
  )
  const done = (file: string, count: number) => ({ file, state: 'done', rows: count, reason: null })
  const rejected = (file: string, reason: string) =>
    expect.objectContaining({ file, state: 'rejected', reason: expect.stringContaining(reason) })
  expect(rows).toEqual([
    done('1/1997-01.csv', 5),
    rejected('1/1997-02.csv', 'empty'),
    done('2/1997-01.csv', 2),
    done('2/1997-02.csv', 2),
    done('3/1997-01.csv.gz', 2),
    rejected('4/1997-01.csv', 'shop'),
    done('5/1997-01.csv', 0)
  ])
})

it('has the same rows and money in every place', async () => {
  const all = await report()
  const us = (rows: number, net: string) => ({ rows, net, countries: { US: { rows, net } } })
  expect(all).toMatchObject({
    reconciled: true,
    // a bad date does not hide the money in its row
    input: us(11, '13.5000'),
    deadLetters: us(3, '1.5000'),
    lineItems: us(8, '12.0000'),
    ledgers: us(8, '12.0000'),
    categoryLedger: us(8, '12.0000'),
    storeLedger: { rows: 8, net: '12.0000' },
    elasticsearch: us(8, '12.0000'),
    finance: us(8, '12.0000')
  })
  expect(Object.keys(all.rejectedFiles)).toEqual([`${bucket}/1/1997-02.csv`, `${bucket}/4/1997-01.csv`])
})

it('answers what analysts ask', async () => {
  const ask = async (statement: string) => (await database.query(statement)).rows
  expect(
    await ask(
      'SELECT month::text, rows::int, net, margin FROM sales_by_month_and_store WHERE store_id = $$1$$'
    )
  ).toEqual([{ month: '1997-01-01', rows: 2, net: '3.0000', margin: '1.9800' }])
  expect(await ask('SELECT category, net, margin_rate FROM margin_by_category ORDER BY 1')).toEqual([
    { category: 'Drinks', net: '7.5000', margin_rate: '0.6600' },
    { category: 'Unclassified', net: '4.5000', margin_rate: '0.6600' }
  ])
  expect(await ask('SELECT rank::int, sku, name FROM top_skus ORDER BY 1')).toEqual([
    { rank: 1, sku: '100', name: 'Tea' },
    { rank: 2, sku: '101', name: null }
  ])
  expect(
    await ask(
      'SELECT net, expenses, profit, mtd_profit, reporting_net, version FROM daily_profit_and_loss WHERE store_id = $$1$$'
    )
  ).toEqual([
    {
      net: '3.0000',
      expenses: '0.5000',
      profit: '1.4800',
      mtd_profit: '1.4800',
      reporting_net: '3.0000',
      version: 1
    }
  ])
  expect(await ask('SELECT * FROM unreconciled_files')).toEqual([])
  for (const view of [
    'sales_by_month_and_market',
    'returns_rate_by_month_and_store',
    'returns_rate_by_sku',
    'promotion_sales',
    'profit_and_loss_by_fiscal_period',
    'restated_days'
  ])
    await ask(`SELECT * FROM ${view}`)
})

/** What the example of docs/new-analysis.md shows in its table and its gauge. */
async function ownAnalysis(): Promise<unknown> {
  const { rows } = await database.query(
    'SELECT sku, sold::float8, returned::float8 FROM sku_returns ORDER BY 1'
  )
  const metrics = await app.registry.metrics()
  const [, units] =
    /^retail_analysis_figure\{analysis="sku-returns",country="US",figure="units sold"\} (.*)$/m.exec(
      metrics
    ) ?? []
  return { rows, units: Number(units) }
}

it('shows one’s own analysis', async () => {
  const rows = [
    { sku: '100', sold: 10, returned: 0 },
    { sku: '101', sold: 6, returned: 0 }
  ]
  expect(await ownAnalysis()).toEqual({ rows, units: 16 })
})

it('keeps line items by country and month', async () => {
  const { rows } = await database.query(
    'SELECT DISTINCT tableoid::regclass::text AS part FROM line_items WHERE file LIKE $1',
    [`${bucket}/%`]
  )
  expect(rows).toEqual([{ part: 'line_items_us_1997_01' }])
})

it('makes each partition once, whoever needs it at the same time', async () => {
  const make = (month: number) =>
    database.query('SELECT make_line_items_partition($1)', [`ZZ/2000-${String(month).padStart(2, '0')}`])
  for (let month = 1; month <= 12; month++) await Promise.all(Array.from({ length: 8 }, () => make(month)))
  const { rows } = await database.query(
    "SELECT count(*)::int AS partitions FROM pg_inherits WHERE inhparent = 'line_items_zz'::regclass"
  )
  expect(rows).toEqual([{ partitions: 12 }])
})

it('reads nothing twice', async () => {
  await read()
  expect((await report()).lineItems.rows).toBe(8)
})

it('gives the sinks of a process that was told to end to the others at once', async () => {
  const other = new RetailApp({ ...options(), roles: ['sinks'], replica: 'other' })
  await other.start()
  // what a sink has not got counts as if it were not carried
  const isAlone = async () => (await app.sinkLag()).records === 0
  await vi.waitFor(async () => expect(await isAlone()).toBe(false), { timeout: 30_000, interval: 200 })
  await other.close()
  await vi.waitFor(async () => expect(await isAlone()).toBe(true), { timeout: 8_000, interval: 200 })
})

it('a corrected file changes every figure by exactly the difference', async () => {
  const corrected = `${header}\n${row('2', '100').replace('1.5000', '2.2500')}\n1997-02-05,2,102,c,0,1,1,0.5\nbroken\n`
  await objectStore.put(bucket, '2/1997-02.csv', corrected)
  await read()
  expect(await report()).toMatchObject({
    reconciled: true,
    input: { rows: 12, net: '13.7500' },
    deadLetters: { rows: 4, net: '1.5000' },
    lineItems: { rows: 8, net: '12.2500' }
  })
  const items = await database.query(
    'SELECT revision, row, sku, sales FROM line_items WHERE file = $1 ORDER BY row',
    [`${bucket}/2/1997-02.csv`]
  )
  expect(items.rows).toEqual([
    { revision: 2, row: 1, sku: '100', sales: '2.2500' },
    { revision: 2, row: 2, sku: '102', sales: '1.0000' }
  ])
  const lines = await database.query(
    "SELECT business_day::text AS day, rows::int, net, ytd_net FROM daily_profit_and_loss WHERE store_id = '2' ORDER BY 1"
  )
  expect(lines.rows).toEqual([
    { day: '1997-01-05', rows: 3, net: '5.2500', ytd_net: '5.2500' },
    { day: '1997-02-05', rows: 1, net: '1.0000', ytd_net: '6.2500' }
  ])
  const rows = [
    { sku: '100', sold: 10, returned: 0 },
    { sku: '101', sold: 4, returned: 0 },
    { sku: '102', sold: 1, returned: 0 }
  ]
  expect(await ownAnalysis()).toEqual({ rows, units: 15 })
})
