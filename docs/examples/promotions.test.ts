import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { StreamsBuilder } from '../../index.ts'
import { lineItem } from '../../test/retail/line-item.ts'
import { TopologyTestDriver } from '../../testing.ts'
import { lineItems } from '../../topology/retail/topics.ts'
import { promotionSales, promotions } from './promotions.ts'

it('adds up what each promotion sold', () => {
  const builder = new StreamsBuilder()
  promotions(builder)
  const driver = new TopologyTestDriver(builder.build())
  const pipe = (row: number, promotionId: string | null, sales: number, rows: 1 | -1 = 1) =>
    driver.pipe(lineItems, {
      key: 'US/100',
      value: lineItem({ row, promotionId, rows, sales: rows * sales })
    })
  pipe(1, '5', 39800)
  pipe(2, null, 10000)
  pipe(3, '5', 200)
  pipe(4, '5', 100)
  pipe(4, '5', 100, -1)
  expect(driver.readTable(promotionSales)).toEqual(new Map([['US/5', { items: 2, sales: 40000 }]]))
})

it('is what the README shows', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
  const shown = read('./promotions.ts').replaceAll('../../topology/retail/topics.ts', './topics.ts')
  expect(read('../../README.md')).toContain(shown)
})
