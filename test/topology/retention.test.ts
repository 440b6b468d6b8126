import { describe, expect, it } from 'vitest'
import {
  integer,
  SessionWindows,
  SlidingWindows,
  StreamsBuilder,
  sessionStore,
  string,
  TimeWindows,
  topic,
  versionedKeyValueStore,
  windowStore
} from '../../index.ts'

const sales = topic('sales', { key: string(), value: integer() })
const prices = topic('prices', { key: string(), value: integer() })
const grouped = () => new StreamsBuilder().stream(sales).groupByKey()
const invalid = (message: string) => expect.objectContaining({ code: 'TOPOLOGY_INVALID', message })
const noSpans = [-1, Number.NaN, 0.5, Number.POSITIVE_INFINITY]

describe('a retention that is shorter than what is read back is refused', () => {
  it('windows: size and grace', () => {
    const count = (retentionMs: number) => () =>
      grouped().windowedBy(TimeWindows.ofSizeAndGrace(60, 600)).count({ name: 'hours', retentionMs })
    expect(count(659)).toThrow(
      invalid(
        `the retention of store "hours", 659 ms, must not be less than the windows' size and grace, 660 ms`
      )
    )
    expect(count(660)).not.toThrow()
    for (const ms of noSpans) expect(count(ms)).toThrow(expect.objectContaining({ code: 'TOPOLOGY_INVALID' }))
  })

  it('sliding windows: twice the time difference, and grace', () => {
    const count = (retentionMs: number) => () =>
      grouped()
        .windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(60, 600))
        .count({ name: 'recent', retentionMs })
    expect(count(719)).toThrow(
      invalid(
        `the retention of store "recent", 719 ms, must not be less than twice the windows' time difference, and grace, 720 ms`
      )
    )
    expect(count(720)).not.toThrow()
  })

  it('sessions: inactivity gap and grace', () => {
    const count = (retentionMs: number) => () =>
      grouped()
        .windowedBy(SessionWindows.ofInactivityGapAndGrace(60, 600))
        .count({ name: 'visits', retentionMs })
    expect(count(659)).toThrow(
      invalid(
        `the retention of store "visits", 659 ms, must not be less than the sessions' inactivity gap and grace, 660 ms`
      )
    )
    expect(count(660)).not.toThrow()
  })

  it('a versioned table: the grace of the join', () => {
    const join = (graceMs: number) => () => {
      const builder = new StreamsBuilder()
      const table = builder.table(prices, { name: 'prices', historyRetentionMs: 100 })
      builder.stream(sales).join(
        table.filter((price) => price > 0),
        (units, price) => units * price,
        { name: 'worth', graceMs }
      )
    }
    expect(join(101)).toThrow(
      invalid(
        `the history of store "prices", 100 ms, must not be less than the grace of join "worth", 101 ms`
      )
    )
    expect(join(100)).not.toThrow()
    expect(join(-1)).toThrow(
      invalid('the grace of join "worth" must be a whole number of ms, 0 or more, not -1')
    )
  })
})

describe('stores for processors', () => {
  const store = { name: 'mine', key: string(), value: integer() }

  it('keep windows no shorter than the windows are', () => {
    expect(() => windowStore({ ...store, windowSizeMs: 60, retentionMs: 59 })).toThrow(
      invalid('the retention of store "mine", 59 ms, must not be less than the size of its windows, 60 ms')
    )
    expect(windowStore({ ...store, windowSizeMs: 60, retentionMs: 60 }).retentionMs).toBe(60)
  })

  it('take spans of time alone', () => {
    for (const ms of noSpans) {
      const refused = invalid(
        `the retention of store "mine" must be a whole number of ms, 0 or more, not ${ms}`
      )
      expect(() => windowStore({ ...store, windowSizeMs: 0, retentionMs: ms })).toThrow(refused)
      expect(() => sessionStore({ ...store, retentionMs: ms })).toThrow(refused)
      expect(() => versionedKeyValueStore({ ...store, historyRetentionMs: ms })).toThrow(refused)
      expect(() => windowStore({ ...store, windowSizeMs: ms, retentionMs: 60 })).toThrow(
        invalid(`the size of windows in store "mine" must be a whole number of ms, 0 or more, not ${ms}`)
      )
    }
  })
})
