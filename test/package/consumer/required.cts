import assert = require('node:assert/strict')
import streams = require('store-sku')
import testing = require('store-sku/testing')

const numbers = streams.topic('numbers', { key: streams.string(), value: streams.integer() })
const doubled = streams.topic('doubled', { key: streams.string(), value: streams.integer() })
const builder = new streams.StreamsBuilder()
builder
  .stream(numbers)
  .mapValues((value) => value * 2)
  .to(doubled)
const driver = new testing.TopologyTestDriver(builder.build())
driver.pipe(numbers, { key: 'a', value: 21 })
assert.deepEqual(
  driver.read(doubled).map(({ key, value }) => [key, value]),
  [['a', 42]]
)

console.log('required: done')
