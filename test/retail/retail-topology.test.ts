import { expect, it } from 'vitest'
import * as topics from '../../topology/retail/topics.ts'
import { RetailDriver } from './chunks.ts'

it('rows become line items with what the tables know', () => {
  const driver = new RetailDriver()
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
  driver.product('100', 'Drinks')
  driver.rows('1997-01-02,7,100,c1,0,2,3.98,1.5522\n1997-01-02,7,999,c2,0,1,0.10,0.0333\n')

  const [first, second] = driver.read(topics.lineItems)
  expect(first).toMatchObject({
    key: 'US/100',
    timestamp: Date.UTC(1997, 0, 2),
    value: {
      file: 'sku-us/7/1997-01.csv',
      row: 1,
      storeName: 'Store 7',
      productName: 'Product 100',
      category: 'Drinks',
      sales: 39800,
      cost: 15522
    }
  })
  // a product that nobody declared loses no sale
  expect(second?.value).toMatchObject({ sku: '999', productName: null, row: 2 })
  expect(driver.readTable(topics.skuSales).get('US/100')).toMatchObject({
    name: 'Product 100',
    rows: 1,
    net: 39800,
    lastSold: '1997-01-02',
    listPrice: 19900
  })
})

it('a row that cannot be read goes to the dead letters with file, row and reason, and the file goes on', () => {
  const driver = new RetailDriver()
  const good = '1997-01-02,7,100,c1,0,2,3.98,1.5\n'
  driver.rows(`${good}1997-13-02,7,100,c1,0,2,3.98,1.5\nshort,row\n${good}`, { firstRow: 11 })
  const rejected = driver.read(topics.rejectedRows)
  expect(rejected.map(({ key }) => key)).toEqual(['sku-us/7/1997-01.csv#1/12', 'sku-us/7/1997-01.csv#1/13'])
  expect(rejected[0]?.value?.reason).toMatch(/date/)
  expect(rejected[1]?.value?.reason).toMatch(/fields/)
  expect(driver.read(topics.lineItems).map(({ value }) => value?.row)).toEqual([11, 14])
})

it('a sale of a day that has not begun by the time its file was stored is not in the future: brokers would refuse it', () => {
  const driver = new RetailDriver()
  // what RetailDriver's files are stored at is 2023-11-14
  driver.rows('2023-11-15,7,100,c1,0,2,3.98,1.5\n2023-11-13,7,100,c1,0,2,3.98,1.5\n')
  const times = driver.read(topics.lineItems).map(({ timestamp }) => timestamp)
  expect(times).toEqual([1_700_000_000_000, Date.UTC(2023, 10, 13)])
})

it('a line item bears the exchange rate that was in force when its day began', () => {
  const driver = new RetailDriver()
  const rate = (from: string, value: number) =>
    driver.pipe(topics.rates, {
      key: 'MXN',
      value: { currency: 'MXN', rate: value },
      timestamp: Date.parse(from)
    })
  rate('1997-01-01', 11_000_000)
  rate('1997-02-01', 12_000_000)
  const days = ['1996-12-31', '1997-01-31', '1997-02-01']
  const rows = days.map((day) => `${day},7,100,c1,0,2,3.98,1.5\n`).join('')
  driver.rows(rows, { country: 'MX', currency: 'MXN', timeZone: 'America/Mexico_City' })
  const items = driver.read(topics.lineItems)
  expect(items.map(({ key, value }) => [key, value?.exchangeRate])).toEqual([
    ['MX/100', null],
    ['MX/100', 11_000_000],
    ['MX/100', 12_000_000]
  ])
  // the reporting currency needs no rate
  driver.rows('1997-01-02,7,100,c1,0,2,3.98,1.5\n')
  expect(driver.read(topics.lineItems).map(({ value }) => value?.exchangeRate)).toEqual([100_000_000])
})
