import { beforeEach, expect, it } from 'vitest'
import { StreamsBuilder } from '../../index.ts'
import type { CategoryDay, StoreDay } from '../../processors/retail/ledgers.ts'
import { noTotals } from '../../processors/retail/totals.ts'
import { TopologyTestDriver } from '../../testing.ts'
import { monthlyProjections } from '../../topology/retail/projections.ts'
import * as topics from '../../topology/retail/topics.ts'

let driver: TopologyTestDriver
beforeEach(() => {
  const builder = new StreamsBuilder()
  monthlyProjections(
    builder.table(topics.storeDays, { name: 'store-days' }),
    builder.table(topics.categoryDays, { name: 'category-days' })
  )
  driver = new TopologyTestDriver(builder.build())
})

const scale = 10_000

function storeDay(storeId: string, day: string, net: number | null): void {
  const value: StoreDay | null =
    net === null
      ? null
      : { ...noTotals, rows: 1, net: net * scale, country: 'US', storeId, day, currency: 'USD', margin: null }
  driver.pipe(topics.storeDays, { key: `US/${storeId}/${day}`, value, timestamp: Date.parse(day) })
}

function categoryDay(category: string, market: string, day: string, net: number): void {
  const value: CategoryDay = {
    ...noTotals,
    rows: 1,
    net: net * scale,
    country: 'US',
    category,
    market,
    day,
    margin: null
  }
  driver.pipe(topics.categoryDays, {
    key: `US/${category}/${market}/${day}`,
    value,
    timestamp: Date.parse(day)
  })
}

/** Months of 1997 and 1998, on from January 1997. */
const month = (n: number) => `${1997 + Math.floor(n / 12)}-${String((n % 12) + 1).padStart(2, '0')}`

function projected(storeId: string) {
  driver.advanceWallClock(4000)
  return [...driver.readTable(topics.storeProjections).values()]
    .filter(({ name }) => name === storeId)
    .sort((a, b) => (a.month < b.month ? -1 : 1))
    .map(({ month: of, horizon, forecast, actual }) => [
      of,
      horizon,
      forecast / scale,
      actual === null ? null : actual / scale
    ])
}

it('forecasts the running month and the two after it from whole months, whatever the order of the days', () => {
  // a straight line, told backwards, in two days a month
  for (let n = 10; n >= 0; n--) {
    storeDay('7', `${month(n)}-20`, 60 + 10 * n)
    storeDay('7', `${month(n)}-02`, 40)
  }
  expect(projected('7').filter(([, horizon]) => horizon !== 0)).toEqual([
    ['1997-11', 1, 200, 200],
    ['1997-12', 2, 210, null],
    ['1998-01', 3, 220, null]
  ])
  const past = projected('7').filter(([, horizon]) => horizon === 0)
  expect(past).toEqual([5, 6, 7, 8, 9].map((n) => [month(n), 0, 100 + 10 * n, 100 + 10 * n]))
  const accuracy = driver.readTable(topics.projectionAccuracy)
  expect(accuracy.get('US/accuracy/stores/7/holt')).toMatchObject({
    wape: expect.closeTo(0, 9),
    bias: expect.closeTo(0, 9),
    chosen: true,
    origins: 5
  })
  // the last value is behind by 10, 20 and 30: five origins for a month, four and three for two and three
  const sold = [5, 6, 7, 8, 9, 6, 7, 8, 9, 7, 8, 9].reduce((sum, n) => sum + 100 + 10 * n, 0)
  const wape = (5 * 10 + 4 * 20 + 3 * 30) / sold
  const naive = accuracy.get('US/accuracy/stores/7/seasonal-naive')
  expect(naive).toMatchObject({
    chosen: false,
    wape: expect.closeTo(wape, 12),
    bias: expect.closeTo(-wape, 12)
  })
})

it('months without sales are zero, and the country’s latest month is the running one for all', () => {
  for (const n of [0, 2, 3]) storeDay('7', `${month(n)}-05`, 90)
  storeDay('8', `${month(6)}-05`, 10)
  const rows = projected('7')
  expect(rows.filter(([, horizon]) => horizon === 0).map(([of, , , actual]) => [of, actual])).toEqual([
    [month(3), 90],
    [month(4), 0],
    [month(5), 0]
  ])
  expect(rows.filter(([, horizon]) => horizon === 1)).toEqual([[month(6), 1, expect.any(Number), 0]])
  // one month is not enough to say anything
  expect(projected('8')).toEqual([])
})

it('a corrected day makes the forecasts anew, and what is taken back wholly leaves nothing', () => {
  for (let n = 0; n < 8; n++) storeDay('7', `${month(n)}-05`, 100)
  expect(projected('7').filter(([of]) => of === month(7))).toEqual([[month(7), 1, 100, 100]])
  storeDay('7', `${month(7)}-05`, null)
  // June is the running month now
  expect(projected('7').at(-1)).toEqual([month(8), 3, 100, null])
  for (let n = 0; n < 7; n++) storeDay('7', `${month(n)}-05`, 300)
  expect(projected('7').filter(([, horizon]) => horizon === 1)).toEqual([[month(6), 1, 300, 300]])
  for (let n = 0; n < 7; n++) storeDay('7', `${month(n)}-05`, null)
  expect(projected('7')).toEqual([])
  expect(driver.readTable(topics.projectionAccuracy)).toEqual(new Map())
})

it('categories are forecast over all markets', () => {
  for (let n = 0; n < 6; n++) {
    categoryDay('Tea', 'US', `${month(n)}-05`, 70)
    categoryDay('Tea', 'CA', `${month(n)}-06`, 30)
  }
  driver.advanceWallClock(4000)
  const rows = driver.readTable(topics.categoryProjections)
  expect(rows.get(`US/categories/Tea/${month(6)}`)).toMatchObject({
    forecast: 100 * scale,
    low: 100 * scale,
    high: 100 * scale,
    wape: 0
  })
  expect(driver.readTable(topics.storeProjections)).toEqual(new Map())
})
