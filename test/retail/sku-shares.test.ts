import { expect, it } from 'vitest'
import { integer, json, StreamsBuilder, string, topic } from '../../index.ts'
import type { LineItem } from '../../processors/retail/model.ts'
import { SkuVelocity } from '../../processors/retail/velocity.ts'
import { TopologyTestDriver } from '../../testing.ts'
import { searchDocuments, skuSales } from '../../topology/retail/sku-sales.ts'
import { topSkus } from '../../topology/retail/top-skus.ts'
import * as topics from '../../topology/retail/topics.ts'
import { lineItem } from './line-item.ts'

const rows = topic('rows', { key: string(), value: integer() })

/** The SKU ledger alone. A record of `rows` makes the line items that `itemOf` numbers from 0 up to its value; a negative one takes them back. */
class SkuDriver extends TopologyTestDriver {
  constructor(itemOf: (n: number) => Partial<LineItem>) {
    const builder = new StreamsBuilder()
    const products = builder.table(topics.products, { name: 'products' })
    const speeds = topic('speeds', { key: string(), value: json(SkuVelocity) })
    const items = builder.stream(rows).flatMapValues((count) =>
      Array.from({ length: Math.abs(count) }, (_, n): LineItem => {
        const item = lineItem({ units: 10_000, sales: 10_000, cost: 0, ...itemOf(n) })
        return count > 0 ? item : { ...item, rows: -1, units: -item.units, sales: -item.sales }
      })
    )
    const skus = skuSales(items)
    topSkus(skus)
    searchDocuments(skus, products, builder.table(speeds, { name: 'speeds' }))
    // documents are made when a record is committed, not for each row
    super(builder.build(), { cacheMaxBytes: 64 << 20 })
  }

  rows(count: number): void {
    this.pipe(rows, { key: 'US/100', value: count, timestamp: 0 })
  }

  get document() {
    return this.readTable(topics.skuSales).get('US/100')
  }
}

function sum<K extends string>(all: readonly Readonly<Record<K, number>>[] = [], field: K): number {
  return all.reduce((total, one) => total + one[field], 0)
}

it('a customer’s number in the column of countries costs the SKU its list of markets, not the graph', () => {
  let france = false
  const driver = new SkuDriver((n) => ({ market: france ? 'France' : `cust-${10_000 + n}` }))
  driver.rows(8500)
  france = true
  driver.rows(2)
  const { markets = [] } = driver.document ?? {}
  expect(driver.document).toMatchObject({ rows: 8502, net: 85_020_000 })
  expect(markets).toHaveLength(1001)
  expect(markets.slice(0, 2)).toMatchObject([
    { market: 'France', rows: 2, net: 20_000 },
    { market: 'cust-10000', rows: 1, net: 10_000 }
  ])
  expect(markets.at(-1)).toEqual({
    market: '',
    rows: 7501,
    units: 75_010_000,
    gross: 75_010_000,
    returns: 0,
    discount: 0,
    net: 75_010_000,
    charges: 0,
    cost: 0,
    uncosted: 0
  })
  expect(sum(markets, 'rows')).toBe(8502)

  // once it is corrected, nothing is left of it
  france = false
  driver.rows(-8500)
  expect(driver.document?.markets).toMatchObject([{ market: 'France', rows: 2, net: 20_000 }])
})

it('a SKU of more stores than a document lists is in the top ten of each', () => {
  const driver = new SkuDriver((n) => ({ storeId: `${10_000 + n}` }))
  driver.rows(3000)
  // so many places are told of in several callbacks
  for (let turn = 0; turn < 10; turn++) driver.advanceWallClock(4_000)
  const { stores = [] } = driver.document ?? {}
  expect(stores).toHaveLength(1001)
  expect(stores.at(-1)).toEqual({ storeId: '', rows: 2000, units: 20_000_000, net: 20_000_000 })
  expect(sum(stores, 'net')).toBe(30_000_000)
  expect(driver.readTable(topics.topSkus).get('US/12999/revenue/1')).toMatchObject({ sku: '100', rows: 1 })
})

it('names of control characters do not make the document too large', () => {
  const driver = new SkuDriver((n) => ({ market: `${10_000 + n}${'\u0001'.repeat(250)}` }))
  driver.rows(1100)
  const { markets } = driver.document ?? {}
  expect(Buffer.byteLength(JSON.stringify(markets))).toBeLessThan(400_000)
  expect(sum(markets, 'rows')).toBe(1100)
})
