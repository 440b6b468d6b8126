import { expect, it } from 'vitest'
import { type FixedKeyProcessor, integer, StreamsBuilder, string, topic } from '../../index.ts'
import { TopologyTestDriver } from '../../testing.ts'

const numbers = topic('numbers', { key: string(), value: integer() })
const out = topic('out', { key: string(), value: integer() })

function driverOf(
  make: () => FixedKeyProcessor<string, number, number>,
  options: ConstructorParameters<typeof TopologyTestDriver>[1] = {}
): TopologyTestDriver {
  const builder = new StreamsBuilder()
  builder.stream(numbers).processValues(make).to(out)
  return new TopologyTestDriver(builder.build(), options)
}

it('forwards other values, times and headers under the same key; a record without one, too', () => {
  const driver = driverOf(() => ({
    process(record, context) {
      context.forward({ ...record, value: record.value + 1 })
      context.forward({ ...record, value: record.value + 2, timestamp: 9 })
    }
  }))
  driver.pipe(numbers, { key: 'a', value: 1 })
  driver.pipe(numbers, { value: 5 })
  expect(driver.read(out).map(({ key, value, timestamp }) => [key, value, timestamp])).toEqual([
    ['a', 2, 0],
    ['a', 3, 9],
    [null, 6, 0],
    [null, 7, 9]
  ])
})

it('throws where another key is forwarded all the same, and asks no handler about it', () => {
  const driver = driverOf(
    () => ({ process: (record, context) => context.forward({ ...record, key: 'other' as never }) }),
    { processingExceptionHandler: 'continue' }
  )
  expect(() => driver.pipe(numbers, { key: 'a', value: 1 })).toThrow(
    expect.objectContaining({
      code: 'TOPOLOGY_INVALID',
      message: expect.stringMatching(/^numbers-0 at offset 0: .* must leave the key as it is/)
    })
  )
})

it('forwards nothing outside of a record', () => {
  const driver = driverOf(() => ({
    init: (context) =>
      void context.schedule(10, 'wall-clock', (timestamp) =>
        context.forward({ key: 'a' as never, value: 1, timestamp, headers: [] })
      ),
    process() {}
  }))
  expect(() => driver.advanceWallClock(10)).toThrow(/forwards only while it processes a record/)
})

it('needs no repartition topic after it', () => {
  const builder = new StreamsBuilder()
  builder
    .stream(numbers)
    .processValues<number>(() => ({ process: (record, context) => context.forward(record) }))
    .groupByKey()
    .count({ name: 'counts' })
  const driver = new TopologyTestDriver(builder.build())
  expect(driver.internalTopics()).toEqual(['test-counts-changelog'])
})
