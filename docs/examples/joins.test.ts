import { describe, expect, it } from 'vitest'
import { driverOf } from './driver.ts'
import * as foreignKeyJoin from './foreign-key-join.ts'
import * as globalTableJoin from './global-table-join.ts'
import * as streamStreamJoin from './stream-stream-join.ts'
import * as streamTableJoin from './stream-table-join.ts'
import * as tableTableJoin from './table-table-join.ts'

describe('streams', () => {
  const { announced, deliveryDifferences, differences, received } = streamStreamJoin

  const day = 86_400_000

  it('tells what differs at once, and what is missing when its day is over', () => {
    const driver = driverOf(deliveryDifferences)
    driver.pipe(announced, { key: 'd1', value: 10, timestamp: 0 })
    driver.pipe(announced, { key: 'd2', value: 10, timestamp: 1 })
    driver.pipe(announced, { key: 'd3', value: 5, timestamp: 2 })
    driver.pipe(received, { key: 'd1', value: 10, timestamp: 3 })
    driver.pipe(received, { key: 'd2', value: 8, timestamp: 4 })
    expect(driver.read(differences)).toHaveRecords([{ key: 'd2', value: '8 of 10' }])
    // joins look at most once a second of the wall clock for what has stayed alone
    driver.advanceWallClock(1000)
    driver.pipe(announced, { key: 'd4', value: 1, timestamp: 2 * day })
    expect(driver.read(differences)).toHaveRecords([{ key: 'd3', value: '0 of 5' }])
  })
})

describe('a stream with a table', () => {
  const { priceSales, prices, sold, turnover, unpriced } = streamTableJoin

  it('a new price counts from the next sale on', () => {
    const driver = driverOf(priceSales)
    driver.pipe(sold, { key: 'tea', value: 1 })
    driver.pipe(prices, { key: 'tea', value: 250 })
    driver.pipe(sold, { key: 'tea', value: 2 })
    driver.pipe(prices, { key: 'tea', value: 300 })
    driver.pipe(sold, { key: 'tea', value: 2 })
    expect(driver.read(turnover)).toHaveRecords([{ value: 500 }, { value: 600 }])
    expect(driver.read(unpriced)).toHaveRecords([{ key: 'tea', value: 1 }])
  })
})

describe('tables', () => {
  const { prices, stock, stockValue, stockValues } = tableTableJoin

  it('follows both tables, deletions too', () => {
    const driver = driverOf(stockValue)
    driver.pipe(prices, { key: 'tea', value: 250 })
    driver.pipe(stock, { key: 'tea', value: 4 })
    driver.pipe(prices, { key: 'tea', value: 300 })
    expect(driver.keyValueStore('stock-values')).toHaveRows([['tea', 1200]])
    driver.pipe(stock, { key: 'tea', value: null })
    expect(driver.read(stockValues)).toHaveRecords([{ value: 1000 }, { value: 1200 }, { value: null }])
  })
})

describe('tables by a foreign key', () => {
  const { origins, productOrigins, products, suppliers } = foreignKeyJoin

  it('follows the products and what they name', () => {
    const driver = driverOf(productOrigins)
    driver.pipe(suppliers, { key: 's1', value: 'Leaf' })
    driver.pipe(products, { key: '1', value: { name: 'tea', supplier: 's1' } })
    driver.pipe(products, { key: '2', value: { name: 'mate', supplier: 's1' } })
    driver.pipe(suppliers, { key: 's1', value: 'Leaf & Son' })
    expect(driver.readTable(origins)).toHaveRows([
      ['1', 'tea from Leaf & Son'],
      ['2', 'mate from Leaf & Son']
    ])
  })
})

describe('a stream with a global table', () => {
  const { citySales, sales, salesInCities, stores } = globalTableJoin

  it('looks the store of each sale up', () => {
    const driver = driverOf(salesInCities)
    driver.pipe(stores, { key: '7', value: 'Graz' })
    driver.pipe(sales, { key: 'r1', value: { store: '7', sku: 'tea' } })
    driver.pipe(sales, { key: 'r2', value: { store: '9', sku: 'tea' } })
    expect(driver.read(citySales)).toHaveRecords([{ key: 'r1', value: 'tea in Graz' }])
  })
})
