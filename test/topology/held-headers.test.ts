import { expect, test } from 'vitest'
import type { StreamRecord } from '../../core/record.ts'
import type { Windowed } from '../../core/windows.ts'
import {
  float64,
  int64,
  SessionWindows,
  StreamsBuilder,
  sessionWindowed,
  string,
  TimeWindows,
  topic
} from '../../index.ts'
import { HeldHeaders } from '../../processors/held-headers.ts'
import type { ForwardChange, OperatorContext } from '../../processors/operator.ts'
import { sessionWriter } from '../../processors/session-writer.ts'
import { windowWriter } from '../../processors/window-writer.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { openStore } from '../../state/open-store.ts'
import { noOptions } from '../../state/stores/store-options.ts'
import { TopologyTestDriver } from '../../testing.ts'

const headers = [{ key: 'trace', value: Buffer.from('t1') }]

test('headers of a change leave with it; those of a key that came and went are forgotten at the commit', () => {
  const commits: (() => void)[] = []
  const held = new HeldHeaders<string>({ beforeCommit: (callback) => commits.push(callback) }, (key) => key)
  held.keep('a', 20, 10, headers)
  held.keep('a', 30, 10, headers)
  expect(held.take('a', 30, 10)).toBe(headers)
  for (const callback of commits) callback()
  expect(held.take('a', 20, 10)).toEqual([])
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

test('bigints as keys of tables, windows and sessions: headers leave with the change', () => {
  const input = topic('in', { key: int64(), value: string() })
  const builder = new StreamsBuilder()
  const left: unknown[] = []
  const seen = () => ({
    process: ({ key, headers: its }: StreamRecord<unknown, unknown>) => void left.push([key, its])
  })
  const grouped = builder.stream(input).groupByKey()
  grouped.count({ name: 'latest', value: float64() }).toStream().process(seen)
  const windows = grouped
    .windowedBy(TimeWindows.ofSizeWithNoGrace(50))
    .count({ name: 'windows', value: float64() })
  windows
    .mapValues((count) => count, { name: 'of-windows', value: float64() })
    .toStream()
    .process(seen)
  const gap = SessionWindows.ofInactivityGapWithNoGrace(50)
  grouped.windowedBy(gap).count({ name: 'sessions', value: float64() }).toStream().process(seen)
  new TopologyTestDriver(builder.build()).pipe(input, { key: 5n, value: 'x', timestamp: 60, headers })
  expect(left).toEqual([
    [5n, headers],
    [{ key: 5n, start: 50, end: 100 }, headers],
    [{ key: 5n, start: 60, end: 60 }, headers]
  ])
})

test('numbers that JSON does not tell apart keep headers of their own', () => {
  const keys = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0]
  const definition = {
    key: float64(),
    value: string(),
    logged: false,
    cached: true,
    retentionMs: 60_000
  } as const
  const windows = openStore(
    { ...definition, kind: 'window', name: 'w', windowSizeMs: 10 },
    new MemoryEngine('w'),
    noOptions
  )
  const sessions = openStore({ ...definition, kind: 'session', name: 's' }, new MemoryEngine('s'), noOptions)
  const context = { beforeCommit() {} } as unknown as OperatorContext
  const left: unknown[] = []
  const seen: ForwardChange<Windowed<number>, string> = (_value, _old, { key }, _time, its) =>
    left.push([key, its])
  const putWindow = windowWriter(windows, 10, seen, { wanted: false }, context)
  const putSession = sessionWriter(sessions, seen, { wanted: false }, context)
  const of = (key: number) => [{ key: 'of', value: Buffer.from(Object.is(key, -0) ? '-0' : String(key)) }]
  for (const key of keys) {
    putWindow(key, 10, 'x', null, 15, 15, of(key))
    putSession({ key, start: 10, end: 20 }, 'x', null, 15, of(key))
  }
  windows.flush()
  sessions.flush()
  const expected = keys.map((key) => [key, of(key)])
  expect(left).toEqual([...expected, ...expected])
})
