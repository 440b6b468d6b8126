import { expect, it } from 'vitest'
import { driverOf } from './driver.ts'
import { labels, largeSales, refunds, sales, sortSales } from './stateless-steps.ts'

it('each sale goes where it belongs', () => {
  const driver = driverOf(sortSales)
  driver.pipe(sales, { key: '7', value: { sku: 'tea', units: 2, cents: 500 } })
  driver.pipe(sales, { key: '7', value: { sku: 'tea', units: -1, cents: -250 } })
  driver.pipe(sales, { key: '8', value: { sku: 'sofa', units: 1, cents: 120_000 } })
  driver.pipe(sales, { key: '8', value: { sku: 'tea', units: 0, cents: 0 } })
  expect(driver.read(refunds)).toHaveRecords([{ key: '7', value: { sku: 'tea', units: 1, cents: 250 } }])
  expect(driver.read(largeSales)).toHaveRecords([
    { key: '8', value: { sku: 'sofa', units: 1, cents: 120_000 } }
  ])
  expect(driver.read(labels)).toHaveRecords([
    { key: '7/shelf', value: 'tea 1/2' },
    { key: '7/shelf', value: 'tea 2/2' },
    { key: '8/shelf', value: 'sofa 1/1' }
  ])
})
