import { expect, test } from 'vitest'
import { float64, SessionWindows, StreamsBuilder, sessionWindowed, string, topic } from '../../index.ts'
import { HeldHeaders } from '../../processors/held-headers.ts'
import { TopologyTestDriver } from '../../testing.ts'

const headers = [{ key: 'trace', value: Buffer.from('t1') }]

test('headers of a change leave with it; those of a key that came and went are forgotten at the commit', () => {
  const commits: (() => void)[] = []
  const held = new HeldHeaders({ beforeCommit: (callback) => commits.push(callback) })
  held.keep(['a', 10], 20, headers)
  held.keep(['a', 10], 30, headers)
  expect(held.take(['a', 10], 30)).toBe(headers)
  for (const callback of commits) callback()
  expect(held.take(['a', 10], 20)).toEqual([])
})

test('a session that leaves the cache has the headers of its last record', () => {
  const input = topic('in', { key: string(), value: string() })
  const out = topic('out', { key: sessionWindowed(string()), value: float64() })
  const builder = new StreamsBuilder()
  builder
    .stream(input)
    .groupByKey()
    .windowedBy(SessionWindows.ofInactivityGapWithNoGrace(50))
    .count({ name: 'counts', value: float64() })
    .toStream()
    .to(out)
  const driver = new TopologyTestDriver(builder.build())
  driver.pipe(input, { key: 'a', value: 'x', timestamp: 10, headers })
  expect(driver.read(out).map((record) => record.headers)).toEqual([headers])
})
