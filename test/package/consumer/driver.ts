import assert from 'node:assert/strict'
import type { StreamsConfig } from 'store-sku'
import { TopologyTestDriver } from 'store-sku/testing'
import { topicsOf, visitGraph } from './graph.js'

const { visits, counts } = topicsOf('')
const driver = new TopologyTestDriver(visitGraph(''))
for (const page of ['home', 'tea', 'home']) driver.pipe(visits, { key: 'somebody', value: page })
assert.deepEqual(
  driver.readTable(counts),
  new Map([
    ['home', 2],
    ['tea', 1]
  ])
)

// types are those of the declarations, not any: what is wrong is refused
// @ts-expect-error the value is text
assert.throws(() => driver.pipe(visits, { key: 'somebody', value: 1 }))
// @ts-expect-error there is no such guarantee
export const guarantee: StreamsConfig['processingGuarantee'] = 'at_most_once'

console.log('driver: done')
