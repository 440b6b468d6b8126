import { expect, it } from 'vitest'
import { addFigures, figures, translate } from '../../processors/retail/finance.ts'
import { fiscalPeriod } from '../../processors/retail/fiscal-calendar.ts'
import { RATE_SCALE } from '../../processors/retail/model.ts'
import * as topics from '../../topology/retail/topics.ts'
import { onlineRetailChunk, RetailDriver } from './chunks.ts'

const mexico = {
  file: 'sku-mx/1/1997.csv',
  country: 'MX',
  storeId: '1',
  currency: 'MXN',
  timeZone: 'America/Mexico_City'
}
const sale = (day: string, sales: string, cost: string) => `${day},1,100,c,0,1,${sales},${cost}\n`

function rate(driver: RetailDriver, currency: string, value: number, from: string): void {
  driver.pipe(topics.rates, {
    key: currency,
    value: { currency, rate: Math.round(value * RATE_SCALE) },
    timestamp: Date.parse(from)
  })
}

function expense(driver: RetailDriver, account: string, day: string, amount: number, currency = 'MXN'): void {
  driver.pipe(topics.expenses, {
    key: `MX/1/${account}/${day}`,
    value: { country: 'MX', storeId: '1', account, day, currency, amount },
    timestamp: 0
  })
}

/** What is published once the days have rested. */
function published(driver: RetailDriver) {
  driver.advanceWallClock(3_250)
  return driver.readTable(topics.profitAndLoss)
}

it('a day is a line in both currencies, at the rate that was in force on it', () => {
  const driver = new RetailDriver()
  rate(driver, 'MXN', 0.1, '1997-01-01')
  rate(driver, 'MXN', 0.11, '1997-02-01')
  driver.rows(
    sale('1997-01-31', '10', '4') + sale('1997-01-31', '-2', '-1') + sale('1997-02-01', '10', '4'),
    mexico
  )
  expense(driver, 'Lease', '1997-01-31', 5000)
  expense(driver, 'Marketing', '1997-01-31', 10000)
  const lines = published(driver)
  expect(lines.get('MX/1/MX/1997-01-31')).toEqual({
    country: 'MX',
    storeId: '1',
    market: 'MX',
    day: '1997-01-31',
    currency: 'MXN',
    reportingCurrency: 'USD',
    rate: 10_000_000,
    rows: 2,
    version: 1,
    fiscalYear: 1997,
    fiscalQuarter: 1,
    fiscalPeriod: 2,
    fiscalWeek: 5,
    figures: {
      local: {
        gross: 100000,
        returns: 20000,
        discount: 0,
        net: 80000,
        cost: 30000,
        margin: 50000,
        expenses: 15000,
        profit: 35000
      },
      reporting: {
        gross: 10000,
        returns: 2000,
        discount: 0,
        net: 8000,
        cost: 3000,
        margin: 5000,
        expenses: 1500,
        profit: 3500
      }
    },
    monthToDate: {
      local: expect.objectContaining({ net: 80000 }),
      reporting: expect.objectContaining({ net: 8000 })
    },
    yearToDate: {
      local: expect.objectContaining({ net: 80000 }),
      reporting: expect.objectContaining({ net: 8000 })
    }
  })
  expect(lines.get('MX/1/MX/1997-02-01')).toMatchObject({
    rate: 11_000_000,
    figures: { reporting: { net: 11000 } },
    monthToDate: { local: { net: 100000 }, reporting: { net: 11000 } },
    // what was sold in January stays at January's rate
    yearToDate: { local: { net: 180000, profit: 95000 }, reporting: { net: 19000, profit: 10100 } }
  })
})

it('no figure, rather than a zero, where no rate was in force or a cost is not known', () => {
  const driver = new RetailDriver()
  rate(driver, 'GBP', 1.5, '2011-05-04')
  const row = (day: string) => `1,22960,Jam,2,${day} 09:41:00,4.25,1.0,EIRE\n`
  driver.rows(row('2011-05-03') + row('2011-05-04'), onlineRetailChunk)
  const lines = published(driver)
  expect(lines.get('GB/shop/EIRE/2011-05-03')).toMatchObject({
    rate: null,
    figures: { local: { net: 85000, cost: null, margin: null, profit: null }, reporting: null }
  })
  expect(lines.get('GB/shop/EIRE/2011-05-04')).toMatchObject({
    figures: { reporting: { net: 127500, cost: null } },
    monthToDate: { local: { net: 170000 }, reporting: null }
  })
})

it('a day before the first rate that is taken back leaves the later ones as if it had never been', () => {
  const [corrected, spared] = [new RetailDriver(), new RetailDriver()]
  const other = { ...mexico, file: 'sku-mx/1/other.csv' }
  for (const driver of [corrected, spared]) {
    rate(driver, 'MXN', 0.1, '1997-01-02')
    driver.rows(sale('1997-01-02', '10', '4'), mexico)
  }
  const misdated = sale('1997-01-01', '10', '4')
  corrected.rows(misdated, other)
  expect(published(corrected).get('MX/1/MX/1997-01-02')?.monthToDate.reporting).toBeNull()
  corrected.rows(misdated, { ...other, sign: -1 })
  for (const driver of [corrected, spared])
    driver.rows(sale('1997-01-03', '10', '4'), { ...other, revision: 2 })

  const lines = published(corrected)
  const nothing = figures({ gross: 0, returns: 0, discount: 0, cost: 0, expenses: 0 })
  expect(lines.get('MX/1/MX/1997-01-01')).toMatchObject({
    rows: 0,
    rate: null,
    figures: { local: nothing, reporting: nothing }
  })
  for (const [key, line] of published(spared))
    expect({ ...lines.get(key), version: 0 }, key).toEqual({ ...line, version: 0 })
  expect(lines.get('MX/1/MX/1997-01-03')?.yearToDate.reporting).toMatchObject({ net: 20_000, profit: 12_000 })
})

it('a rate that becomes known later, or is corrected, restates its days', () => {
  const driver = new RetailDriver()
  driver.rows(sale('1997-01-31', '10', '4') + sale('1997-02-01', '10', '4'), mexico)
  driver.rows('1,22960,Jam,2,2011-05-03 09:41:00,4.25,1.0,EIRE\n', onlineRetailChunk)
  expect(published(driver).get('MX/1/MX/1997-02-01')).toMatchObject({
    rate: null,
    figures: { reporting: null }
  })
  rate(driver, 'MXN', 0.1, '1997-02-01')
  const late = published(driver)
  expect(late.get('MX/1/MX/1997-01-31')).toMatchObject({ version: 1, rate: null })
  expect(late.get('MX/1/MX/1997-02-01')).toMatchObject({
    version: 2,
    figures: { reporting: { net: 10000 } },
    monthToDate: { reporting: { net: 10000 } },
    yearToDate: { reporting: null }
  })
  rate(driver, 'MXN', 0.2, '1997-01-01')
  rate(driver, 'MXN', 0.3, '1997-02-01')
  const corrected = published(driver)
  expect(corrected.get('MX/1/MX/1997-01-31')).toMatchObject({
    version: 2,
    figures: { reporting: { net: 20000 } }
  })
  expect(corrected.get('MX/1/MX/1997-02-01')).toMatchObject({
    version: 3,
    figures: { reporting: { net: 30000 } },
    yearToDate: { reporting: { net: 50000 } }
  })
  expect(corrected.get('GB/shop/EIRE/2011-05-03')).toMatchObject({ version: 1, rate: null })
})

it('the reporting currency needs no rate', () => {
  const driver = new RetailDriver()
  driver.rows('1997-01-02,7,100,c1,0,2,3.98,1.5\n')
  expect(published(driver).get('US/7/US/1997-01-02')).toMatchObject({
    rate: RATE_SCALE,
    figures: { reporting: { net: 39800 } }
  })
})

it('late rows restate the day and the sums of the days after it, and nothing else', () => {
  const driver = new RetailDriver()
  const days = ['1996-12-31', '1997-01-02', '1997-01-10', '1997-02-01']
  driver.rows(days.map((day) => sale(day, '10', '4')).join(''), mexico)
  published(driver)
  driver.rows(sale('1997-01-05', '1', '1') + sale('1997-01-02', '2', '1'), {
    ...mexico,
    file: 'sku-mx/1/late.csv'
  })
  const lines = published(driver)
  const versions = [...lines].map(([key, { version }]) => [key.slice(8), version]).sort()
  expect(versions).toEqual([
    ['1996-12-31', 1],
    ['1997-01-02', 2],
    ['1997-01-05', 1],
    ['1997-01-10', 2],
    ['1997-02-01', 2]
  ])
  expect(lines.get('MX/1/MX/1997-01-10')).toMatchObject({
    rows: 1,
    figures: { local: { net: 100000 } },
    monthToDate: { local: { net: 230000 } }
  })
  expect(lines.get('MX/1/MX/1997-02-01')).toMatchObject({
    monthToDate: { local: { net: 100000 } },
    yearToDate: { local: { net: 330000 } }
  })
})

it('a day is published once its file is read, and again only when it has changed', () => {
  const driver = new RetailDriver()
  driver.rows(sale('1997-01-02', '10', '4') + sale('1997-01-02', '10', '4'), mexico)
  driver.advanceWallClock(2_000)
  driver.rows(sale('1997-01-02', '10', '4'), { ...mexico, firstRow: 3 })
  driver.advanceWallClock(2_000)
  expect(driver.read(topics.profitAndLoss)).toEqual([])
  driver.advanceWallClock(1_250)
  expect(driver.read(topics.profitAndLoss).map(({ value }) => [value?.version, value?.rows])).toEqual([
    [1, 3]
  ])
  // taken back and added again: as before
  driver.rows(sale('1997-01-02', '10', '4'), { ...mexico, firstRow: 3, sign: -1 })
  driver.rows(sale('1997-01-02', '10', '4'), { ...mexico, firstRow: 3, revision: 2 })
  published(driver)
  expect(driver.read(topics.profitAndLoss)).toEqual([])
})

it('days of a store and market wait for each other, but not for ever', () => {
  const driver = new RetailDriver()
  driver.rows(sale('1997-01-03', '10', '4'), mexico)
  driver.rows('1997-01-02,7,100,c1,0,2,3.98,1.5\n')
  driver.advanceWallClock(2_000)
  // it comes behind the later day: that one's sums to date need no restatement
  driver.rows(sale('1997-01-02', '10', '4'), { ...mexico, file: 'sku-mx/1/earlier.csv' })
  driver.advanceWallClock(1_250)
  expect(driver.read(topics.profitAndLoss).map(({ key }) => key)).toEqual(['US/7/US/1997-01-02'])
  driver.advanceWallClock(2_000)
  expect(
    driver
      .read(topics.profitAndLoss)
      .map(({ value }) => [value?.day, value?.version, value?.yearToDate.local.net])
  ).toEqual([
    ['1997-01-02', 1, 100000],
    ['1997-01-03', 1, 200000]
  ])
  for (let seconds = 0; seconds < 60; seconds += 2) {
    expect(driver.read(topics.profitAndLoss)).toEqual([])
    driver.rows(sale('1997-01-04', '1', '1'), { ...mexico, file: `sku-mx/1/${seconds}.csv` })
    driver.advanceWallClock(2_000)
  }
  expect(driver.read(topics.profitAndLoss).map(({ key }) => key)).toEqual(['MX/1/MX/1997-01-04'])
})

it('a day that is taken back wholly is restated as nothing', () => {
  const driver = new RetailDriver()
  driver.rows(sale('1997-01-02', '10', '4'), mexico)
  published(driver)
  driver.rows(sale('1997-01-02', '10', '4'), { ...mexico, sign: -1 })
  expect(published(driver).get('MX/1/MX/1997-01-02')).toMatchObject({
    version: 2,
    rows: 0,
    figures: { local: { net: 0, cost: 0, profit: 0 } }
  })
})

it('a corrected expense replaces the former one', () => {
  const driver = new RetailDriver()
  expense(driver, 'Lease', '1997-01-01', 5000)
  expense(driver, 'Lease', '1997-02-01', 0)
  expect(published(driver).size).toBe(1)
  expect(published(driver).get('MX/1/MX/1997-01-01')).toMatchObject({
    rows: 0,
    figures: { local: { net: 0, expenses: 5000, profit: -5000 }, reporting: null }
  })
  expense(driver, 'Lease', '1997-01-01', 7000)
  expect(published(driver).get('MX/1/MX/1997-01-01')).toMatchObject({
    version: 2,
    figures: { local: { expenses: 7000 } }
  })
})

it('a day whose currency is corrected is not restated from the former one', () => {
  const driver = new RetailDriver()
  const day = '1997-01-31'
  const line = () => published(driver).get(`MX/1/MX/${day}`)
  rate(driver, 'MXN', 0.1, '1997-01-01')
  rate(driver, 'CAD', 0.7, '1997-01-01')
  expense(driver, 'Lease', day, 50_000, 'CAD')
  expect(line()).toMatchObject({ version: 1, figures: { reporting: { expenses: 35_000 } } })
  expense(driver, 'Lease', day, 50_000)
  const corrected = { version: 2, currency: 'MXN', figures: { reporting: { expenses: 5000 } } }
  expect(line()).toMatchObject(corrected)
  rate(driver, 'CAD', 0.71, '1997-01-01')
  expect(line()).toMatchObject(corrected)
  // there and back again before anything is published: nothing has changed, and what the other currency's task says comes too late
  expense(driver, 'Lease', day, 50_000, 'CAD')
  expense(driver, 'Lease', day, 50_000)
  expect(line()).toMatchObject(corrected)
  rate(driver, 'CAD', 0.72, '1997-01-01')
  expect(line()).toMatchObject(corrected)
  rate(driver, 'MXN', 0.2, '1997-01-01')
  expect(line()).toMatchObject({ version: 3, currency: 'MXN', figures: { reporting: { expenses: 10_000 } } })
})

it('a file that named a wrong currency is taken back from it', () => {
  const driver = new RetailDriver()
  rate(driver, 'MXN', 0.1, '1997-01-01')
  driver.rows(sale('1997-01-31', '10', '4'), { ...mexico, currency: 'CAD' })
  expect(published(driver).get('MX/1/MX/1997-01-31')).toMatchObject({ currency: 'CAD', rate: null })
  driver.rows(sale('1997-01-31', '10', '4'), { ...mexico, sign: -1 })
  driver.rows(sale('1997-01-31', '12', '4'), { ...mexico, revision: 2 })
  published(driver)
  rate(driver, 'CAD', 0.7, '1997-01-01')
  const lines = published(driver)
  expect(lines.size).toBe(1)
  expect(lines.get('MX/1/MX/1997-01-31')).toMatchObject({
    version: 2,
    currency: 'MXN',
    rows: 1,
    figures: { reporting: { net: 12_000 } }
  })
})

it('an account adds up in either currency, whatever is rounded', () => {
  const local = figures({ gross: 5, returns: -5, discount: 15, cost: 25, expenses: -35 })
  expect(translate(local, RATE_SCALE / 10)).toEqual({
    gross: 1,
    returns: -1,
    discount: 2,
    net: 0,
    cost: 3,
    margin: -3,
    expenses: -4,
    profit: 1
  })
  expect(translate(figures({ ...local, gross: 2 ** 52 }), 123_456_789).gross).toBe(5_559_999_489_367_579)
  expect(addFigures(local, { ...local, cost: null })).toMatchObject({
    net: -10,
    cost: null,
    margin: null,
    profit: null
  })
})

it.each([
  ['1997-01-02', 1997, 1, 1, 1],
  ['1996-12-30', 1997, 1, 1, 1],
  ['1996-12-29', 1996, 4, 12, 52],
  ['2024-01-28', 2024, 1, 1, 4],
  ['2024-01-29', 2024, 1, 2, 5],
  ['2024-02-26', 2024, 1, 3, 9],
  ['2024-03-31', 2024, 1, 3, 13],
  ['2024-04-01', 2024, 2, 4, 14],
  ['2024-12-29', 2024, 4, 12, 52],
  // a year of 53 weeks
  ['2020-12-31', 2020, 4, 12, 53],
  ['2021-01-03', 2020, 4, 12, 53],
  ['2021-01-04', 2021, 1, 1, 1]
])('%s is in the fiscal year %i, quarter %i, period %i, week %i', (day, year, quarter, period, week) => {
  expect(fiscalPeriod(day)).toEqual({
    fiscalYear: year,
    fiscalQuarter: quarter,
    fiscalPeriod: period,
    fiscalWeek: week
  })
})
