import { expect, it } from 'vitest'
import { integer, StreamsBuilder, string, topic } from '../../index.ts'
import { type StreamMatchers, streamMatchers, TopologyTestDriver } from '../../testing.ts'

declare module 'vitest' {
  interface Matchers<R> extends StreamMatchers<R> {}
}

expect.extend(streamMatchers)

const sold = topic('sold', { key: string(), value: integer() })
const totals = topic('totals', { key: string(), value: integer() })

function driver(): TopologyTestDriver {
  const builder = new StreamsBuilder()
  builder
    .stream(sold)
    .groupByKey()
    .reduce({ name: 'totals', reducer: (total, units) => total + units })
    .toStream()
    .to(totals)
  const made = new TopologyTestDriver(builder.build(), { deserializationExceptionHandler: 'dead-letter' })
  made.pipe(sold, { key: 'b', value: 1, timestamp: 5 })
  made.pipe(sold, { key: 'a', value: 2, timestamp: 6 })
  made.pipe(sold, { key: 'b', value: 3, timestamp: 7 })
  return made
}

function failureOf(assertion: () => void): { message: string; actual: unknown; expected: unknown } {
  try {
    assertion()
  } catch (error) {
    return error as never
  }
  throw new Error('it passed')
}

it('toHaveRecords compares the fields that are named, in order', () => {
  const records = driver().read(totals)
  expect(records).toHaveRecords([
    { key: 'b', value: 1 },
    { value: 2, timestamp: 6 },
    { value: expect.any(Number) }
  ])
  expect(records).not.toHaveRecords([{ key: 'b' }, { key: 'b' }, { key: 'a' }])
  expect(records).not.toHaveRecords([{ key: 'b' }, { key: 'a' }])
  expect(records).not.toHaveRecords([{}, {}, {}, {}])
  expect(records).not.toHaveRecords([{ key: 'b', price: 1 }, {}, {}])
})

it('toHaveRecords shows what differs', () => {
  const failure = failureOf(() => expect(driver().read(totals)).toHaveRecords([{ key: 'b' }, { value: 9 }]))
  expect(failure.message).toBe('expected 2 records as given, found 3')
  expect(failure.expected).toEqual([{ key: 'b' }, { value: 9 }])
  expect(failure.actual).toEqual([
    { key: 'b' },
    { value: 2 },
    { key: 'b', value: 4, timestamp: 7, headers: [] }
  ])
})

it('toHaveRecords reads dead letters', () => {
  const made = driver()
  made.pipe(topic('sold', { key: string(), value: string() }), { key: 'c', value: 'x' })
  expect(made.deadLetters()).toHaveRecords([{ topic: 'sold', offset: 3, value: Buffer.from('x') }])
})

it('toHaveRows takes stores and tables, in any order', () => {
  const made = driver()
  const rows = [
    ['b', 4],
    ['a', 2]
  ] as const
  expect(made.keyValueStore('totals')).toHaveRows(rows)
  expect(made.readTable(totals)).toHaveRows(new Map(rows))
  expect(made.readTable(totals)).not.toHaveRows([['b', 4]])
  const failure = failureOf(() => expect(made.readTable(totals)).toHaveRows([...rows.slice(0, 1), ['c', 1]]))
  expect(failure.actual).toEqual([...rows])
  expect(failure.expected).toEqual([
    ['b', 4],
    ['c', 1]
  ])
})

it('say what they are for', () => {
  expect(() => expect(7).toHaveRecords([])).toThrow(/list of records/)
  expect(() => expect(7).toHaveRows([])).toThrow(/key-value store or a Map/)
})
