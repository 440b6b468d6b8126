import { describe, expect, it } from 'vitest'
import * as cogrouping from './cogrouping.ts'
import { driverOf } from './driver.ts'
import * as grouping from './grouping.ts'

describe('grouping', () => {
  const { bestSales, receipts, sales, storeFigures, turnovers } = grouping

  it('adds up by store, whatever the key was', () => {
    const driver = driverOf(storeFigures)
    driver.pipe(sales, { key: 'r1', value: { store: '7', cents: 300 } })
    driver.pipe(sales, { key: 'r2', value: { store: '8', cents: 100 } })
    driver.pipe(sales, { key: 'r3', value: { store: '7', cents: 200 } })
    expect(driver.readTable(turnovers)).toHaveRows([
      ['7', { receipts: 2, cents: 500 }],
      ['8', { receipts: 1, cents: 100 }]
    ])
    expect(driver.keyValueStore('receipts')).toHaveRows([
      ['7', 2],
      ['8', 1]
    ])
    expect(driver.read(receipts)).toHaveRecords([
      { key: '7', value: 1 },
      { key: '8', value: 1 },
      { key: '7', value: 2 }
    ])
    expect(driver.readTable(bestSales).get('7')).toEqual({ store: '7', cents: 300 })
  })
})

describe('cogrouping', () => {
  const { delivered, sold, stock, stockOnHand } = cogrouping

  it('follows both streams', () => {
    const driver = driverOf(stockOnHand)
    driver.pipe(delivered, { key: '7/tea', value: 12 })
    driver.pipe(sold, { key: '7/tea', value: 5 })
    driver.pipe(sold, { key: '7/milk', value: 1 })
    expect(driver.readTable(stock)).toHaveRows([
      ['7/tea', 7],
      ['7/milk', -1]
    ])
  })
})
