import { expect, test } from 'vitest'
import {
  float64,
  SessionWindows,
  StreamsBuilder,
  sessionWindowed,
  string,
  TimeWindows,
  timeWindowed,
  topic
} from '../../index.ts'
import { TopologyTestDriver } from '../../testing.ts'

const input = topic('in', { key: string(), value: string() })
const count = { name: 'counts', value: float64() }

// where no recorded answer reaches: stores that keep a window or session no longer than until it closes
test.each([0, 1_000_000])(
  'a window without grace is emitted when it closes, with a cache of %d bytes',
  (cacheMaxBytes) => {
    const out = topic('out', { key: timeWindowed(string(), 10), value: float64() })
    const builder = new StreamsBuilder()
    builder
      .stream(input)
      .groupByKey()
      .windowedBy(TimeWindows.ofSizeWithNoGrace(10))
      .emitStrategy('onWindowClose')
      .count(count)
      .toStream()
      .to(out)
    const driver = new TopologyTestDriver(builder.build(), { emitIntervalMs: 0, cacheMaxBytes })
    for (const timestamp of [5, 9, 10, 20]) driver.pipe(input, { key: 'a', value: 'x', timestamp })
    expect(driver.read(out).map(({ key, value }) => [key?.start, value])).toEqual([
      [0, 2],
      [10, 1]
    ])
  }
)

test('a session without grace is emitted when it closes, unless its segment has gone by then', () => {
  const out = topic('out', { key: sessionWindowed(string()), value: float64() })
  const builder = new StreamsBuilder()
  builder
    .stream(input)
    .groupByKey()
    .windowedBy(SessionWindows.ofInactivityGapWithNoGrace(50))
    .emitStrategy('onWindowClose')
    .count(count)
    .toStream()
    .to(out)
  const driver = new TopologyTestDriver(builder.build(), { emitIntervalMs: 0 })
  for (const timestamp of [5, 9, 60, 59_000, 200_000, 200_051])
    driver.pipe(input, { key: 'a', value: 'x', timestamp })
  expect(driver.read(out).map(({ key, value }) => [key?.start, key?.end, value])).toEqual([
    [5, 9, 2],
    [60, 60, 1],
    [200_000, 200_000, 1]
  ])
})
