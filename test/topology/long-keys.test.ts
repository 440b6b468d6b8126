import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  float64,
  integer,
  json,
  StreamsBuilder,
  string,
  TimeWindows,
  timeWindowed,
  topic,
  untilWindowCloses
} from '../../index.ts'
import { TopologyTestDriver } from '../../testing.ts'

/*
 * Keys that are longer than what room was made for at first, and keys that only look the same.
 */

test.each([100, 300])('a window with a key of %i characters has one final result', (length) => {
  const input = topic('in', { key: string(), value: string() })
  const windows = TimeWindows.ofSizeWithNoGrace(100)
  const out = topic('out', { key: timeWindowed(string(), 100), value: integer() })
  const builder = new StreamsBuilder()
  builder
    .stream(input)
    .groupByKey()
    .windowedBy(windows)
    .count({ name: 'counts' })
    .suppress(untilWindowCloses({ name: 'final' }))
    .toStream()
    .to(out)
  const driver = new TopologyTestDriver(builder.build())
  const key = 'k'.repeat(length)
  for (const timestamp of [1, 2]) driver.pipe(input, { key, value: 'x', timestamp })
  driver.pipe(input, { key: 'other', value: 'x', timestamp: 1_000 })
  expect(driver.read(out).map((record) => [record.key?.key, record.value])).toEqual([[key, 2]])
})

test('all that a table’s row is joined with by a long key hear of its change', () => {
  const Reference = z.object({ id: z.string() })
  const left = topic('left', { key: string(), value: json(Reference) })
  const right = topic('right', { key: json(Reference), value: string() })
  const out = topic('out', { key: string(), value: string() })
  const builder = new StreamsBuilder()
  builder
    .table(left, { name: 'left' })
    .join(
      builder.table(right, { name: 'right' }),
      (row) => row,
      (_, value) => value,
      { name: 'joined' }
    )
    .toStream()
    .to(out)
  const driver = new TopologyTestDriver(builder.build())
  const id = 'i'.repeat(100)
  driver.pipe(right, { key: { id }, value: 'v1' })
  for (const key of ['a', 'b']) driver.pipe(left, { key, value: { id } })
  driver.pipe(right, { key: { id }, value: 'v2' })
  expect([...driver.readTable(out)].sort()).toEqual([
    ['a', 'v2'],
    ['b', 'v2']
  ])
})

test('a row that moves from the group 0 to the group -0 is counted in one of them', () => {
  const input = topic('in', { key: string(), value: float64() })
  const out = topic('out', { key: float64(), value: integer() })
  const builder = new StreamsBuilder()
  builder
    .table(input, { name: 'rows' })
    .groupBy((value, key) => [value, key], { name: 'by-value', key: float64(), value: string() })
    .count({ name: 'counts' })
    .toStream()
    .to(out)
  const driver = new TopologyTestDriver(builder.build())
  for (const value of [0, -0]) driver.pipe(input, { key: 'a', value })
  expect(driver.read(out).map(({ key, value }) => [Object.is(key, -0) ? '-0' : '0', value])).toEqual([
    ['0', 1],
    ['0', 0],
    ['-0', 1]
  ])
})
