import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { StreamsBuilder, type Topic } from '../../index.ts'
import type { LineItem } from '../../processors/retail/model.ts'
import { TopologyTestDriver } from '../../testing.ts'
import { boughtTogether } from '../../topology/retail/baskets.ts'
import { unusualPrices } from '../../topology/retail/price-anomalies.ts'
import { searchDocuments, skuSales } from '../../topology/retail/sku-sales.ts'
import { storeSales } from '../../topology/retail/store-sales.ts'
import { topSkus } from '../../topology/retail/top-skus.ts'
import * as topics from '../../topology/retail/topics.ts'
import { skuVelocity } from '../../topology/retail/velocity.ts'
import { server } from '../sinks/servers.ts'
import { anomalyQuery, basketQuery, topQuery, velocityQuery } from './analysis-queries.ts'
import { lineItem } from './line-item.ts'

/*
 * Each analysis against a database that works it out from the rows that are left, after files were taken back and written anew in whatever order.
 */

const scale = 10_000
let pool: pg.Pool
const schema = `analyses_${randomUUID().replaceAll('-', '')}`

beforeAll(async () => {
  pool = new pg.Pool({
    connectionString: server('DATABASE_URL'),
    options: `-c search_path=${schema}`,
    max: 1,
    // days as text
    types: { getTypeParser: (id) => (id === pg.types.builtins.DATE ? String : pg.types.getTypeParser(id)) }
  })
  await pool.query(`
    CREATE SCHEMA ${schema};
    CREATE TABLE line_items (country text, business_day date, store_id text, sku text, product_kind text, kind text, invoice text,
      customer_id text, units numeric, sales numeric, discount numeric);
    CREATE TABLE sent (country text, store_id text, sku text, units numeric);`)
})
afterAll(async () => {
  await pool.query(`DROP SCHEMA ${schema} CASCADE`)
  await pool.end()
})

function analyses(): TopologyTestDriver {
  const builder = new StreamsBuilder()
  const items = builder.stream(topics.lineItems).mapValues((item) => item)
  const skus = skuSales(items)
  topSkus(skus)
  unusualPrices(items)
  const lines = storeSales(items)
  const products = builder.table(topics.products, { name: 'products' })
  searchDocuments(skus, products, skuVelocity(builder, lines))
  boughtTogether(lines)
  return new TopologyTestDriver(builder.build())
}

/** The same numbers at each run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** A file of a store's month, in its two revisions: some rows differ. Returns, charges, odd prices and rows without a customer are among them. */
function fileOf(
  store: number,
  month: number,
  revision: number,
  random: (below: number) => number
): LineItem[] {
  const country = store === 3 ? 'CA' : 'US'
  return Array.from({ length: 80 - 15 * revision }, (_, row) => {
    const sku = 100 + Math.floor((random(20) * random(20)) / 10)
    const returned = random(25) === 0
    const units = (1 + random(4)) * (returned ? -1 : 1)
    const price = random(30) === 0 ? random(900) : sku % 9 === 0 ? 500 + random(40) : sku * 2
    const day = String(1 + random(28)).padStart(2, '0')
    const charge = random(40) === 0
    const invoiced = store === 1 && random(2) === 0
    return lineItem({
      file: `${store}/${month}.csv`,
      revision,
      row: row + 1,
      country,
      storeId: String(store),
      sku: charge ? 'POST/AGE' : String(sku),
      productKind: charge ? 'charge' : 'product',
      kind: returned ? 'return' : 'sale',
      businessDay: `1998-${String(month).padStart(2, '0')}-${day}`,
      invoice: invoiced ? `${month}-${random(20)}` : null,
      customerId: random(9) === 0 ? null : `c${random(8)}`,
      units: units * scale,
      sales: units * price * 100 - (random(10) === 0 ? 100 : 0),
      discount: 0
    })
  })
}

const takenBack = (item: LineItem): LineItem => ({
  ...item,
  rows: -1,
  units: -item.units,
  sales: -item.sales,
  discount: -item.discount
})

it('top tens, velocity, anomalies and baskets equal a database’s, also after files were corrected', async () => {
  const random = randomFrom(11)
  const driver = analyses()
  const standing: LineItem[] = []
  const pipe = (item: LineItem) =>
    driver.pipe(topics.lineItems, {
      key: `${item.country}/${item.sku}`,
      value: item,
      timestamp: Date.parse(item.businessDay)
    })
  const sent = [
    ['US', '1', '118', 400],
    ['US', '1', '104', 3],
    ['CA', '3', '100', 50],
    ['CA', '3', '999', 12]
  ] as const
  const deliver = (units: number, of: (typeof sent)[number], day: string) => {
    const [country, storeId, sku] = of
    const amounts = { unitsOrdered: units * scale, unitsShipped: units * scale }
    driver.pipe(topics.inventory, {
      key: `${country}/${storeId}/${sku}/${day}`,
      value: { country, storeId, sku, day, ...amounts },
      timestamp: 0
    })
  }
  // one delivery is corrected
  for (const one of sent) deliver(999, one, '1998-01-02')
  for (const one of sent) deliver(one[3] - 1, one, '1998-01-02')

  for (const store of [2, 1, 3])
    for (const month of [3, 1, 2]) {
      const first = fileOf(store, month, 1, random)
      for (const item of first) pipe(item)
      if (random(2) === 0) driver.advanceWallClock(4000)
      // the latest month of one store is taken back and not written anew
      if (month === 2 || (store === 2 && month === 3)) {
        for (const item of first) pipe(takenBack(item))
        if (store === 2 && month === 3) continue
        const second = fileOf(store, month, 2, random)
        for (const item of second) pipe(item)
        standing.push(...second)
      } else standing.push(...first)
    }
  for (const one of sent) deliver(1, one, '1998-02-02')
  for (let turn = 0; turn < 4; turn++) driver.advanceWallClock(4000)

  const rows = standing.map((item) => ({
    country: item.country,
    business_day: item.businessDay,
    store_id: item.storeId,
    sku: item.sku,
    product_kind: item.productKind,
    kind: item.kind,
    invoice: item.invoice,
    customer_id: item.customerId,
    units: item.units / scale,
    sales: item.sales / scale,
    discount: item.discount / scale
  }))
  await pool.query('INSERT INTO line_items SELECT * FROM json_populate_recordset(null::line_items, $1)', [
    JSON.stringify(rows)
  ])
  for (const row of sent) await pool.query('INSERT INTO sent VALUES ($1, $2, $3, $4)', [...row])

  const figures = <V>(topic: Topic<string, V>, row: (value: V) => unknown[]) =>
    [...driver.readTable(topic).values()].map(row)
  await compare(
    topQuery,
    figures(topics.topSkus, (one) => [
      one.country,
      one.storeId,
      one.by,
      one.rank,
      one.sku,
      one.rows,
      one.units / scale,
      one.net / scale
    ])
  )
  await compare(
    velocityQuery,
    figures(topics.velocity, (one) => [
      one.country,
      one.storeId,
      one.sku,
      one.day,
      one.units7 / scale,
      one.units28 / scale,
      one.onHand === null ? null : one.onHand / scale,
      one.daysOfCover,
      one.stockOutRisk
    ])
  )
  await compare(
    anomalyQuery,
    figures(topics.priceAnomalies, (one) => [
      one.country,
      one.sku,
      one.price / scale,
      one.rows,
      one.rowsOfSku,
      one.median / scale,
      one.mad / scale,
      one.score
    ])
  )
  await compare(
    basketQuery,
    figures(topics.basketPairs, (one) => [
      one.country,
      one.storeId,
      one.first,
      one.second,
      one.together,
      one.withFirst,
      one.withSecond,
      one.baskets,
      one.support,
      one.confidence,
      one.confidenceBack,
      one.lift,
      one.missedAtMost
    ])
  )
}, 120_000)

/** Rows in any order; numbers to nine digits and decimals, as the database's doubles are rounded in another order. */
async function compare(query: string, found: readonly unknown[][]): Promise<void> {
  const { rows } = await pool.query<unknown[]>({ text: query, rowMode: 'array' })
  expect(rows.length).toBeGreaterThan(0)
  expect(found.map(textOf).sort()).toEqual(rows.map(textOf).sort())
}

function textOf(row: readonly unknown[]): string {
  return row
    .map((value, at) =>
      at > 1 && value !== null && !Number.isNaN(Number(value))
        ? Number(Number(value).toFixed(9)).toPrecision(9)
        : value
    )
    .join(' ')
}
