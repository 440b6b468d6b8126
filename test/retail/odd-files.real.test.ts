import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { elasticsearchFigures, postgresFigures } from '../../bin/reconcile.ts'
import { RetailApp } from '../../bin/retail-app.ts'
import { PlatformaticClient, silentLogger } from '../../index.ts'
import { Ingest } from '../../ingest/ingest.ts'
import { ObjectStore } from '../../ingest/object-store.ts'
import { readTopic } from '../../ingest/read-topic.ts'
import type { RejectedRow } from '../../processors/retail/model.ts'
import * as topics from '../../topology/retail/topics.ts'
import { server } from '../sinks/servers.ts'

/*
 * From files as they really come to tables, search and dead letters: the whole retail system on real servers.
 */

const header = 'date,store_id,sku,customer_id,promotion_id,units,sales,cost'
const row = (store: string, sku: string, customer = 'c') =>
  `1997-01-05,${store},${sku},${customer},0,2,1.5000,0.5100`
const bucket = `odd-${Date.now().toString(36)}-us`
const files: Record<string, string | Buffer> = {
  'reference/stores.csv': 'store_id,name,city,region,category,chain\n1,First,Salem,OR,individual,\n',
  'reference/products.csv':
    'sku,name,brand,category,subcategory,list_price\n100,Tea,Leaf,Drinks,Tea,1.9900\n',
  '1/1997-01.csv': `${header}\n${row('1', '100')}\n1997-02-31,1,100,c,0,2,1.5,0.5\nshort\n${row('1', '100').replace('1.5000', 'much')}\n${row('1', '101')}\n`,
  '1/1997-02.csv': '',
  '2/1997-01.csv': `\uFEFF${header}\r\n${row('2', '100')}\r\n${row('2', '101')}\r\n`,
  '2/1997-02.csv': `${header}\n${row('2', '100', '"one\nand ""two"""')}\n${row('2', '101')}\n`,
  '3/1997-01.csv.gz': gzipSync(`${header}\n${row('3', '100')}\n${row('3', '100')}\n`),
  '4/1997-01.csv': `date,shop,article,price\n1997-01-05,4,100,1\n`,
  '5/1997-01.csv': `${header}\n`
}

let directory: string
let app: RetailApp
let database: pg.Pool
const kafka = new PlatformaticClient({ brokers: server('KAFKA_BROKERS').split(',') })
const objectStore = new ObjectStore({
  endpoint: process.env.S3_ENDPOINT as string,
  credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
})

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'store-sku-retail-'))
  database = new pg.Pool({ connectionString: server('DATABASE_URL') })
  app = new RetailApp({
    kafka,
    databaseUrl: server('DATABASE_URL'),
    elasticsearchUrl: server('ELASTICSEARCH_URL'),
    stateDirectory: directory,
    commitIntervalMs: 200,
    logger: silentLogger,
    onRestore: () => undefined
  })
  await app.start()
  await objectStore.ensureBucket(bucket)
  for (const [key, content] of Object.entries(files)) await objectStore.put(bucket, key, content)
  await ingest()
})

afterAll(async () => {
  await app.close()
  await database.end()
  await rm(directory, { recursive: true, force: true })
})

async function ingest(): Promise<void> {
  const { stopped } = await new Ingest({
    objectStore,
    buckets: [{ bucket, country: 'US' }],
    kafka,
    topics
  }).run()
  expect(stopped).toBe(false)
  for (let done = false; !done; await setTimeout(100)) {
    const graph = await Promise.race([app.failed, app.graphLag()])
    done = graph.records === 0 && (await app.sinkLag()).records === 0
  }
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
  expect(rows).toEqual([
    done('1/1997-01.csv', 5),
    {
      file: '1/1997-02.csv',
      state: 'rejected',
      rows: expect.anything(),
      reason: expect.stringContaining('empty')
    },
    done('2/1997-01.csv', 2),
    done('2/1997-02.csv', 2),
    done('3/1997-01.csv.gz', 2),
    {
      file: '4/1997-01.csv',
      state: 'rejected',
      rows: expect.anything(),
      reason: expect.stringContaining('shop')
    },
    done('5/1997-01.csv', 0)
  ])
})

it('sends each bad row to the dead letters with its reason', async () => {
  const rejected: RejectedRow[] = []
  await readTopic(kafka, 'test', topics.rejectedRows, (record) => {
    const value = record.value()
    if (value?.file.startsWith(bucket)) rejected.push(value)
  })
  rejected.sort((a, b) => a.row - b.row)
  expect(rejected.map(({ file, row: number }) => [file, number])).toEqual(
    [2, 3, 4].map((number) => [`${bucket}/1/1997-01.csv`, number])
  )
  expect(rejected.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('date'),
    expect.stringContaining('fields'),
    expect.stringContaining('sales')
  ])
})

it('enriches and sums the same in PostgreSQL and Elasticsearch', async () => {
  const tables = await postgresFigures(server('DATABASE_URL'))
  expect(tables.get('US')).toEqual({ rows: 8, units: '16.0000', sales: '12.0000', cost: '4.0800' })
  expect(await elasticsearchFigures(server('ELASTICSEARCH_URL'))).toEqual(tables)
  const named = await database.query(
    "SELECT DISTINCT sku, product_name FROM line_items WHERE file LIKE $1 || '/%' ORDER BY sku",
    [bucket]
  )
  expect(named.rows).toEqual([
    { sku: '100', product_name: 'Tea' },
    { sku: '101', product_name: null }
  ])
})

it('reads nothing twice', async () => {
  await ingest()
  expect((await postgresFigures(server('DATABASE_URL'))).get('US')?.rows).toBe(8)
})
