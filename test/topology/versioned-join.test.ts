import { afterEach, expect, test, vi } from 'vitest'
import { string } from '../../core/serdes/string.ts'
import { bufferedChange } from '../../processors/buffered-change.ts'
import type { OperatorContext } from '../../processors/operator.ts'
import { type WaitingKey, waitForTable, waitingKey } from '../../processors/versioned-join.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { openStore } from '../../state/open-store.ts'
import { SortedList } from '../../state/sorted-list.ts'
import { Random } from '../kafka/random.ts'
import { quiet } from '../state/store-definitions.ts'

afterEach(() => vi.restoreAllMocks())

/** A step that lets records wait, its store, and what has come out of it. */
function waiting(graceMs: number) {
  const store = openStore(
    {
      kind: 'key-value',
      name: 'waiting',
      key: waitingKey(string()),
      value: bufferedChange,
      logged: true,
      cached: false
    },
    new MemoryEngine('waiting'),
    quiet
  )
  const context = {
    store: () => store,
    keepTime: () => -1,
    wallClock: () => 1,
    topic: 't',
    partition: 0,
    offset: 0
  } as unknown as OperatorContext
  const out: (readonly [string, number])[] = []
  const wait = waitForTable<string, string>('waiting', graceMs, string(), false)
  const step = wait((_value, key, timestamp) => void out.push([key, timestamp]), context, new Map())
  return { store, out, process: (key: string, timestamp: number) => step('v', key, timestamp, []) }
}

test.each([0, 5, 40])('records go on in the order of time, key and arrival: grace %i', (graceMs) => {
  const random = new Random(graceMs + 1)
  const { store, out, process } = waiting(graceMs)
  const held: WaitingKey<string>[] = []
  const expected: (readonly [string, number])[] = []
  let observed = -1
  for (let sequence = 1, time = 1000; sequence <= 3000; sequence++) {
    time += random.below(4) === 0 ? random.below(8) : 0
    const late = random.below(3) === 0 ? random.below(60) : 0
    const record = { time: time - late, key: `k${random.below(20)}`, sequence }
    process(record.key, record.time)
    if (record.time < observed - graceMs) {
      // it does not wait, and takes no number
      expected.push([record.key, record.time])
    } else {
      observed = Math.max(observed, record.time)
      held.push(record)
      held.sort(
        (a, b) => a.time - b.time || (a.key < b.key ? -1 : a.key > b.key ? 1 : a.sequence - b.sequence)
      )
      while (held[0] !== undefined && held[0].time <= observed - graceMs) {
        const { key, time: its } = held.shift() as WaitingKey<string>
        expected.push([key, its])
      }
    }
    if (random.below(200) === 0) store.commit(undefined)
  }
  expect(out).toEqual(expected)
  expect([...store.all()].map(({ key: { key, time } }) => [key, time])).toEqual(
    held.map(({ key, time }) => [key, time])
  )
})

test.each([
  ['as time goes on', 100, (n: number) => n * 10],
  ['at one time', 0, () => 1000],
  ['out of order', 100, (n: number) => n * 10 - (n % 7) * 9]
])(
  'each record costs the same, however many have gone on since the last commit: %s',
  (_, graceMs, timeOf) => {
    const next = vi.spyOn(SortedList.prototype, 'next')
    const stepsFor = (records: number) => {
      const { out, process } = waiting(graceMs)
      next.mockClear()
      for (let n = 0; n < records; n++) process(`k${(n * 13) % 50}`, 1000 + timeOf(n))
      expect(out.length).toBeGreaterThan(records - 50)
      return next.mock.calls.length
    }
    expect(stepsFor(800)).toBeLessThan(2.5 * stepsFor(400))
  }
)
