import { describe, expect, it } from 'vitest'
import { driverOf } from './driver.ts'
import * as tables from './tables.ts'
import * as versionedTables from './versioned-tables.ts'

describe('tables', () => {
  const { openStores, regions, stores, storeTables } = tables

  it('a row that changes is taken out of what was made from it', () => {
    const driver = driverOf(storeTables)
    driver.pipe(stores, { key: '7', value: { region: 'north', open: true, squareMetres: 500 } })
    driver.pipe(stores, { key: '8', value: { region: 'north', open: true, squareMetres: 300 } })
    driver.pipe(stores, { key: '7', value: { region: 'south', open: false, squareMetres: 600 } })
    expect(driver.readTable(openStores)).toHaveRows([['8', 'north: 300 m²']])
    expect(driver.readTable(regions)).toHaveRows([
      ['north', 300],
      ['south', 600]
    ])
  })
})

describe('versioned tables', () => {
  const { prices, sold, turnover, turnoverOfTheDay } = versionedTables

  const day = 86_400_000

  it('a late sale has the price of its time', () => {
    const driver = driverOf(turnoverOfTheDay)
    driver.pipe(prices, { key: 'tea', value: 250, timestamp: day })
    driver.pipe(prices, { key: 'tea', value: 300, timestamp: 8 * day })
    driver.pipe(sold, { key: 'tea', value: 2, timestamp: 9 * day })
    driver.pipe(sold, { key: 'tea', value: 2, timestamp: 3 * day })
    driver.pipe(sold, { key: 'tea', value: 2, timestamp: 0 })
    expect(driver.read(turnover)).toHaveRecords([{ value: 600 }, { value: 500 }])
  })
})
