import { expect, it } from 'vitest'
import {
  integer,
  keyValueStore,
  type Processor,
  StreamsBuilder,
  storeOf,
  string,
  TimeWindows,
  topic
} from '../../index.ts'
import { TopologyTestDriver } from '../../testing.ts'

const numbers = topic('numbers', { key: string(), value: integer() })
const prices = topic('prices', { key: string(), value: integer() })
const out = topic('out', { key: string(), value: integer() })
const seen = keyValueStore({ name: 'seen', key: string(), value: integer() })

it('a processor brings its store, and may share it', () => {
  const builder = new StreamsBuilder()
  const counting = (): Processor<string, number, string, number> => ({
    process(record, context) {
      const store = context.store(seen)
      const value = (store.get(record.key) ?? 0) + 1
      store.put(record.key, value, record.timestamp)
      context.forward({ ...record, value })
    }
  })
  builder
    .stream(numbers)
    .process<string, number>(counting, { stores: [seen] })
    .to(out)
  builder
    .stream(prices)
    .process<string, number>(counting, { stores: [seen] })
    .to(out)
  const topology = builder.addStateStore(seen).build()
  expect(topology.subTopologies).toHaveLength(1)
  const driver = new TopologyTestDriver(topology)
  driver.pipe(numbers, { key: 'a', value: 7 })
  driver.pipe(prices, { key: 'a', value: 9 })
  expect(driver.read(out).map(({ value }) => value)).toEqual([1, 2])
})

it("a processor looks into tables' stores", () => {
  const builder = new StreamsBuilder()
  const table = builder.table(prices, { name: 'prices' })
  const hours = builder
    .stream(prices)
    .groupByKey()
    .windowedBy(TimeWindows.ofSizeWithNoGrace(100))
    .count({ name: 'hours' })
  const [rows, windows] = [storeOf(table), storeOf(hours, 'window')]
  builder
    .stream(numbers)
    .process<string, number>(
      () => ({
        process(record, context) {
          const price = context.store(rows).get(record.key) ?? 0
          const changes = context.store(windows).get(record.key, 0) ?? 0
          context.forward({ ...record, value: record.value * price + changes })
        }
      }),
      { stores: [rows, windows] }
    )
    .to(out)
  const driver = new TopologyTestDriver(builder.build())
  driver.pipe(prices, { key: 'a', value: 5, timestamp: 1 })
  driver.pipe(prices, { key: 'a', value: 6, timestamp: 2 })
  driver.pipe(numbers, { key: 'a', value: 10, timestamp: 3 })
  expect(driver.read(out).map(({ value }) => value)).toEqual([62])
})

it('a store that was not named, or that a table has not, is told', () => {
  const builder = new StreamsBuilder()
  builder
    .stream(numbers)
    .process<string, number>(() => ({ process: (_record, context) => void context.store(seen) }))
    .to(out)
  builder.addStateStore(seen)
  const driver = new TopologyTestDriver(builder.build())
  expect(() => driver.pipe(numbers, { key: 'a', value: 1 })).toThrow(/seen/)
  expect(() => storeOf(new StreamsBuilder().table(prices))).toThrow(
    expect.objectContaining({ code: 'TOPOLOGY_INVALID', message: expect.stringContaining('no store') })
  )
  const past = new StreamsBuilder().table(prices, { name: 'past', historyRetentionMs: 10 })
  expect(() => storeOf(past)).toThrow(/a versioned store, not a key-value store/)
})

it('a processor is told once when its task ends', () => {
  const told: string[] = []
  const builder = new StreamsBuilder()
  builder
    .stream(numbers)
    .process<string, number>(() => ({ process: () => told.push('record'), close: () => told.push('closed') }))
    .to(out)
  const driver = new TopologyTestDriver(builder.build())
  driver.pipe(numbers, { key: 'a', value: 1 })
  driver.close()
  driver.close()
  expect(told).toEqual(['record', 'closed'])
})
