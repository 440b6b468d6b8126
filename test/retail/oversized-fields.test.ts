import { expect, it } from 'vitest'
import type { RejectedRow } from '../../processors/retail/model.ts'
import * as topics from '../../topology/retail/topics.ts'
import { RetailDriver } from './chunks.ts'

const csvHeader = 'sold_at,sku,quantity,amount,description'

it.each([
  ['a description of control characters', `2020-01-01,1,1,1.00,${'\u0001'.repeat(180_000)}`, 'description'],
  ['a description of the longest row', `2020-01-01,1,1,1.00,${'a'.repeat(1_031_900)}`, 'description'],
  ['a SKU', `2020-01-01,${'7'.repeat(400_000)},1,1.00,x`, 'sku'],
  ['a quantity', `2020-01-01,1,${'7'.repeat(400_000)},1.00,x`, 'quantity'],
  ['a day', `${'7'.repeat(400_000)},1,1,1.00,x`, 'sold_at']
])('%s that is too long is a rejected row, and the graph goes on', (_, row, column) => {
  const driver = new RetailDriver()
  driver.rows(`${row}\n2020-01-01,1,1,1.00,x\n`, { csvHeader })
  const rejected = driver.read(topics.rejectedRows).map(({ value }) => value as RejectedRow)
  expect(rejected).toMatchObject([
    { row: 1, reason: expect.stringMatching(new RegExp(`^${column}: ".{0,400}$`)) }
  ])
  expect(driver.read(topics.lineItems)).toHaveLength(1)
})

it('carries the longest fields there may be to every topic', () => {
  const driver = new RetailDriver()
  const id = (letter: string) => letter + '\u0001'.repeat(255)
  const rows = Array.from(
    { length: 12 },
    (_, i) => `2020-01-01,${id(String.fromCharCode(65 + i))},1,1.00,${'\u0001'.repeat(4096)}\n`
  )
  driver.product(id('A'), id('c'))
  driver.rows(rows.join(''), { csvHeader })
  for (let turn = 0; turn < 4; turn++) driver.advanceWallClock(4_000)
  expect(driver.read(topics.lineItems)).toHaveLength(12)
  expect(driver.read(topics.topSkus).length).toBeGreaterThan(9)
})
