import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { StreamsBuilder } from '../../index.ts'
import type { LineItem } from '../../processors/retail/model.ts'
import { TopologyTestDriver } from '../../testing.ts'
import { lineItems } from '../../topology/retail/topics.ts'
import { promotionSales, promotions } from './promotions.ts'

function item(row: number, promotionId: string | null, sales: number, rows: 1 | -1 = 1): LineItem {
  return {
    file: 'sku-us/7/1997-01.csv',
    revision: 1,
    row,
    rows,
    country: 'US',
    storeId: '7',
    sku: '100',
    productKind: 'product',
    kind: 'sale',
    market: 'US',
    invoice: null,
    businessDay: '1997-01-02',
    customerId: null,
    promotionId,
    description: null,
    currency: 'USD',
    units: rows * 10000,
    sales: rows * sales,
    discount: 0,
    cost: 0,
    storeName: null,
    city: null,
    storeCategory: null,
    chain: null,
    promotionName: null,
    productName: null,
    brand: null,
    category: null,
    subcategory: null,
    listPrice: null,
    exchangeRate: 100_000_000
  }
}

it('adds up what each promotion sold', () => {
  const builder = new StreamsBuilder()
  promotions(builder)
  const driver = new TopologyTestDriver(builder.build())
  driver.pipe(lineItems, { key: 'US/100', value: item(1, '5', 39800) })
  driver.pipe(lineItems, { key: 'US/100', value: item(2, null, 10000) })
  driver.pipe(lineItems, { key: 'US/100', value: item(3, '5', 200) })
  driver.pipe(lineItems, { key: 'US/100', value: item(4, '5', 100) })
  driver.pipe(lineItems, { key: 'US/100', value: item(4, '5', 100, -1) })
  expect(driver.readTable(promotionSales)).toEqual(new Map([['US/5', { items: 2, sales: 40000 }]]))
})

it('is what the README shows', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
  const shown = read('./promotions.ts').replaceAll('../../topology/retail/topics.ts', './topics.ts')
  expect(read('../../README.md')).toContain(shown)
})
