import { expect, it } from 'vitest'
import * as topics from '../../topology/retail/topics.ts'
import { RetailDriver } from './chunks.ts'

const csvHeader = 'sold_at,sku,quantity,amount,invoice'

function sku(number: number): string {
  return `${number}`.padStart(250, 'x')
}

it('one number on all invoices is a basket of any number of SKUs', () => {
  const driver = new RetailDriver()
  for (let chunk = 0; chunk < 2; chunk++) {
    const rows = Array.from({ length: 2_200 }, (_, i) => `2020-01-01,${sku(2_200 * chunk + i)},1,1.00,0\n`)
    driver.rows(rows.join(''), { csvHeader, firstRow: 1 + 2_200 * chunk })
  }
  driver.rows(`2020-01-02,${sku(0)},1,1.00,7\n2020-01-02,${sku(1)},1,1.00,7\n`, {
    csvHeader,
    file: 'sku-us/1/b.csv'
  })
  for (let turn = 0; turn < 4; turn++) driver.advanceWallClock(4_000)
  const pairs = driver.readTable(topics.basketPairs)
  expect(pairs.size).toBe(100)
  expect(
    [...pairs.values()].find(({ first, second }) => first === sku(0) && second === sku(1))
  ).toMatchObject({
    together: 2,
    baskets: 2
  })
}, 60_000)
