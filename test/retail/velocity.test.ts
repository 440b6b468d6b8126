import { expect, it } from 'vitest'
import * as topics from '../../topology/retail/topics.ts'
import { RetailDriver } from './chunks.ts'

const most = 9_007_199_254_740_000

it('stock beyond 2^53 ten-thousandths is not known, until what was sent is corrected', () => {
  const driver = new RetailDriver()
  const sent = (day: string, unitsShipped: number) => {
    const place = { country: 'US', storeId: '7', sku: '100', day }
    driver.pipe(topics.inventory, {
      key: `US/7/100/${day}`,
      value: { ...place, unitsOrdered: unitsShipped, unitsShipped },
      timestamp: 0
    })
  }
  const stock = () => {
    driver.advanceWallClock(4000)
    return driver.readTable(topics.velocity).get('US/7/100')
  }
  sent('1997-01-01', most)
  sent('1997-01-02', most)
  driver.rows('1997-01-03,7,100,c1,0,2,3.98,1.5\n')
  expect(stock()).toMatchObject({ units7: 20_000, onHand: null, daysOfCover: null, stockOutRisk: null })
  sent('1997-01-01', 0)
  sent('1997-01-02', 100_000)
  expect(stock()).toMatchObject({ units7: 20_000, onHand: 80_000 })
})
