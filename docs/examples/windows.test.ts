import { describe, expect, it } from 'vitest'
import { driverOf } from './driver.ts'
import * as emitOnClose from './emit-on-close.ts'
import * as hoppingWindows from './hopping-windows.ts'
import * as sessionWindows from './session-windows.ts'
import * as slidingWindows from './sliding-windows.ts'
import * as suppress from './suppress.ts'
import * as tumblingWindows from './tumbling-windows.ts'

describe('tumbling windows', () => {
  const { hourlyTurnover, sales, storeHours } = tumblingWindows

  const minute = 60_000

  it('adds up by hour of event time; what comes after the grace is dropped and counted', () => {
    const driver = driverOf(hourlyTurnover)
    driver.pipe(sales, { key: '7', value: 100, timestamp: 10 * minute })
    driver.pipe(sales, { key: '7', value: 50, timestamp: 65 * minute })
    driver.pipe(sales, { key: '7', value: 30, timestamp: 59 * minute })
    driver.pipe(sales, { key: '7', value: 1, timestamp: 70 * minute })
    driver.pipe(sales, { key: '7', value: 99, timestamp: 59 * minute })
    const hour = (n: number) => ({ key: '7', start: n * 60 * minute, end: (n + 1) * 60 * minute })
    expect(driver.readTable(storeHours)).toHaveRows([
      [hour(0), 130],
      [hour(1), 51]
    ])
    expect(driver.dropped('late')).toBe(1)
  })
})

describe('hopping windows', () => {
  const { movingWeeks, sold, weeks } = hoppingWindows

  const day = 86_400_000

  it('counts a sale in each of the seven weeks that it falls into', () => {
    const driver = driverOf(movingWeeks)
    driver.pipe(sold, { key: 'tea', value: 2, timestamp: 10 * day })
    driver.pipe(sold, { key: 'tea', value: 3, timestamp: 12 * day })
    const byStart = [...driver.readTable(weeks)].map(([{ start }, units]) => [start / day, units])
    expect(byStart).toEqual([
      [4, 2],
      [5, 2],
      [6, 5],
      [7, 5],
      [8, 5],
      [9, 5],
      [10, 5],
      [11, 3],
      [12, 3]
    ])
  })
})

describe('sliding windows', () => {
  const { alarms, refundAlarms, refunds } = slidingWindows

  const minute = 60_000

  it('sees a burst that lies across the full hour', () => {
    const driver = driverOf(refundAlarms)
    for (const at of [10, 55, 58, 62, 90])
      driver.pipe(refunds, { key: 'ann', value: 500, timestamp: at * minute })
    expect(driver.read(alarms)).toHaveRecords([{ key: 'ann', value: 3, timestamp: 62 * minute }])
  })
})

describe('session windows', () => {
  const { purchases, shopVisits, visits } = sessionWindows

  const minute = 60_000

  it('a late purchase joins two visits', () => {
    const driver = driverOf(shopVisits)
    driver.pipe(purchases, { key: 'c1', value: 100, timestamp: 0 })
    driver.pipe(purchases, { key: 'c1', value: 200, timestamp: 40 * minute })
    expect(driver.readTable(visits).size).toBe(2)
    driver.pipe(purchases, { key: 'c1', value: 50, timestamp: 20 * minute })
    expect(driver.readTable(visits)).toHaveRows([[{ key: 'c1', start: 0, end: 40 * minute }, 350]])
  })
})

describe('emitting on close', () => {
  const { closedDays, sales, storeDays } = emitOnClose

  const hour = 3_600_000

  it('tells a day once, when nothing can change it any more', () => {
    const driver = driverOf(closedDays)
    driver.pipe(sales, { key: '7', value: 100, timestamp: 9 * hour })
    driver.pipe(sales, { key: '7', value: 50, timestamp: 24.5 * hour })
    driver.pipe(sales, { key: '7', value: 20, timestamp: 23 * hour })
    expect(driver.read(storeDays)).toHaveRecords([])
    driver.pipe(sales, { key: '8', value: 1, timestamp: 25 * hour })
    expect(driver.read(storeDays)).toHaveRecords([
      { key: { key: '7', start: 0, end: 24 * hour }, value: 120 }
    ])
  })
})

describe('suppression', () => {
  const { calmTotals, sold, totals } = suppress

  it('holds changes back for a minute of event time', () => {
    const driver = driverOf(calmTotals)
    for (const timestamp of [0, 10_000, 59_999]) driver.pipe(sold, { key: 'tea', value: 1, timestamp })
    expect(driver.read(totals)).toHaveRecords([])
    driver.pipe(sold, { key: 'milk', value: 9, timestamp: 60_000 })
    expect(driver.read(totals)).toHaveRecords([{ key: 'tea', value: 3 }])
  })
})
