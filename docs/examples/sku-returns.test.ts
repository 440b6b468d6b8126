import { expect, it } from 'vitest'
import { StreamsBuilder } from '../../index.ts'
import { lineItem } from '../../test/retail/line-item.ts'
import { TopologyTestDriver } from '../../testing.ts'
import { lineItems } from '../../topology/retail/topics.ts'
import { skuReturns } from './sku-returns.ts'

it('counts what was sold and what came back, and takes back what a corrected file takes back', () => {
  const builder = new StreamsBuilder()
  skuReturns.build(builder)
  const driver = new TopologyTestDriver(builder.build())
  const pipe = (item: Parameters<typeof lineItem>[0]) =>
    driver.pipe(lineItems, { key: 'US/100', value: lineItem(item) })
  pipe({ units: 40_000 })
  pipe({ units: -10_000, kind: 'return' })
  pipe({ units: 20_000 })
  pipe({ units: -20_000, rows: -1 })
  pipe({ units: -10_000, kind: 'return' })
  pipe({ units: 10_000, kind: 'return', rows: -1 })
  pipe({ units: 10_000, productKind: 'charge' })
  const row = { country: 'US', sku: '100', sold: 40_000, returned: 10_000 }
  expect(driver.readTable(skuReturns.topic)).toEqual(new Map([['US/100', row]]))
})
