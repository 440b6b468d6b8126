import { expect, it } from 'vitest'
import { z } from 'zod'
import { json, StreamsBuilder, string, topic } from '../../index.ts'
import { TopologyTestDriver } from '../../testing.ts'

const prices = topic('prices', { key: string(), value: json(z.object({ cents: z.int() })) })
const changes = topic('changes', { key: string(), value: json(z.object({ cents: z.int() })) })
const sales = topic('sales', { key: string(), value: string() })
const priced = topic('priced', { key: string(), value: string() })

function driver(): TopologyTestDriver {
  const builder = new StreamsBuilder()
  const table = builder.globalTable(prices, { name: 'price-table' })
  builder.stream(changes).to(prices)
  builder
    .stream(sales)
    .leftJoin(
      table,
      (product) => product,
      (product, price) => `${product}: ${price?.cents ?? 'no price'}`
    )
    .to(priced)
  return new TopologyTestDriver(builder.build())
}

it('a global table sees what the graph writes to its topic, and what is piped there', () => {
  const tried = driver()
  const sell = () => {
    tried.pipe(sales, { key: 's', value: 'tea' })
    return tried.read(priced).map(({ value }) => value)
  }
  expect(sell()).toEqual(['tea: no price'])
  tried.pipe(changes, { key: 'tea', value: { cents: 250 } })
  expect(sell()).toEqual(['tea: 250'])
  tried.pipe(prices, { key: 'tea', value: { cents: 260 } })
  expect(sell()).toEqual(['tea: 260'])
  tried.pipe(prices, { key: 'tea', value: null })
  expect(sell()).toEqual(['tea: no price'])
})

it('a value that the topic of a global table would refuse is refused', () => {
  expect(() => driver().pipe(prices, { key: 'tea', value: { cents: 2.5 } })).toThrow('cents')
})
