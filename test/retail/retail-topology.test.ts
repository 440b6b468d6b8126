import { expect, it } from 'vitest'
import { rawChunkHeaders } from '../../processors/retail/raw-chunk.ts'
import { TopologyTestDriver } from '../../testing.ts'
import { retailTopology } from '../../topology/retail/index.ts'
import * as topics from '../../topology/retail/topics.ts'

const csvHeader = 'date,store_id,sku,customer_id,promotion_id,units,sales,cost'

function chunk(driver: TopologyTestDriver, rows: string, firstRow = 1, file = 'sku-us/7/1997-01.csv'): void {
  driver.pipe(topics.rawCsv, {
    key: 'US/7',
    value: rows,
    timestamp: 1_700_000_000_000,
    headers: rawChunkHeaders({ file, etag: 'e', csvHeader, firstRow, country: 'US', storeId: '7' })
  })
}

it('rows become enriched line items and exact totals', () => {
  const driver = new TopologyTestDriver(retailTopology())
  driver.pipe(topics.stores, {
    key: 'US/7',
    value: {
      country: 'US',
      storeId: '7',
      name: 'Store 7',
      city: 'Salem',
      region: 'OR',
      category: 'chain',
      chain: 'FoodMart'
    },
    timestamp: 0
  })
  driver.pipe(topics.products, {
    key: 'US/100',
    value: {
      country: 'US',
      sku: '100',
      name: 'Tea',
      brand: 'Leaf',
      category: 'Drinks',
      subcategory: 'Tea',
      listPrice: 19900
    },
    timestamp: 0
  })
  chunk(
    driver,
    '1997-01-02,7,100,c1,0,2,3.98,1.5522\n1997-01-02,7,999,c2,0,1,0.10,0.0333\n1997-01-03,7,100,c3,0,3,5.97,2.3\n'
  )

  const [first, second] = driver.read(topics.lineItems)
  expect(first).toMatchObject({
    key: 'US/100',
    timestamp: Date.UTC(1997, 0, 2),
    value: {
      file: 'sku-us/7/1997-01.csv',
      row: 1,
      storeName: 'Store 7',
      productName: 'Tea',
      sales: 39800,
      cost: 15522
    }
  })
  // a product that nobody declared loses no sale
  expect(second?.value).toMatchObject({ sku: '999', productName: null, row: 2 })
  expect(driver.readTable(topics.storeDays).get('US/7/1997-01-02')).toEqual({
    country: 'US',
    storeId: '7',
    day: '1997-01-02',
    rows: 2,
    units: 30000,
    sales: 40800,
    cost: 15855
  })
  expect(driver.readTable(topics.skuDays).get('US/100/1997-01-03')).toMatchObject({ rows: 1, sales: 59700 })
  expect(driver.readTable(topics.skuSales).get('US/100')).toMatchObject({
    name: 'Tea',
    rows: 2,
    sales: 99500,
    lastSold: '1997-01-03',
    listPrice: 19900
  })
  expect(driver.readTable(topics.profitAndLoss).get('US/1997-01-02')).toMatchObject({
    sales: 40800,
    cost: 15855,
    margin: 24945
  })
})

it('a row that cannot be read goes to the dead letters with file, row and reason, and the file goes on', () => {
  const driver = new TopologyTestDriver(retailTopology())
  chunk(
    driver,
    '1997-01-02,7,100,c1,0,2,3.98,1.5\n1997-13-02,7,100,c1,0,2,3.98,1.5\nshort,row\n1997-01-02,7,100,c1,0,1,1,1\n',
    11
  )
  const rejected = driver.read(topics.rejectedRows)
  expect(rejected.map(({ key }) => key)).toEqual(['sku-us/7/1997-01.csv#12', 'sku-us/7/1997-01.csv#13'])
  expect(rejected[0]?.value?.reason).toMatch(/date/)
  expect(rejected[1]?.value?.reason).toMatch(/fields/)
  expect(driver.read(topics.lineItems).map(({ value }) => value?.row)).toEqual([11, 14])
})

it('a chunk without its origin is one dead letter, and the stream goes on', () => {
  const driver = new TopologyTestDriver(retailTopology())
  driver.pipe(topics.rawCsv, { key: 'US/7', value: '1997-01-02,7,100,c1,0,2,3.98,1.5\n' })
  expect(driver.read(topics.rejectedRows).map(({ value }) => value?.row)).toEqual([0])
  chunk(driver, '1997-01-02,7,100,c1,0,2,3.98,1.5\n')
  expect(driver.read(topics.lineItems)).toHaveLength(1)
})
