import { expect, it } from 'vitest'
import { StreamsError } from '../../index.ts'
import { Restarts } from '../../runtime/restarts.ts'

let now = 0
const restarts = (taskTimeoutMs: number) =>
  new Restarts({ taskTimeoutMs, commitIntervalMs: 1000, now: () => now })
const away = new StreamsError('BROKER_UNAVAILABLE', 'away')
const failed = new StreamsError('PRODUCE_FAILED', 'failed')

it('while brokers are away it goes on for the task timeout, however often that is', () => {
  const some = restarts(60_000)
  for (now = 0; now < 60_000; now += 1000) expect(some.waitAfter(away)).toBeGreaterThan(0)
  expect(some.waitAfter(away)).toBe(undefined)
  some.reset()
  expect(some.waitAfter(away)).toBeGreaterThan(0)
  expect(restarts(0).waitAfter(away)).toBe(undefined)
})

it('other failures that a new start can mend are tried ten times in a row, with growing waits', () => {
  const some = restarts(0)
  const waits = Array.from({ length: 10 }, () => some.waitAfter(failed))
  expect(waits.every((wait) => wait !== undefined)).toBe(true)
  expect(waits[5]).toBeGreaterThan(waits[0] as number)
  expect(some.waitAfter(failed)).toBe(undefined)
})

it('what would fail again is not tried again', () => {
  for (const error of [
    new Error('any'),
    new StreamsError('PROCESSOR_FAILED', ''),
    new StreamsError('STORE_FULL', '')
  ])
    expect(restarts(60_000).waitAfter(error)).toBe(undefined)
})

it('what has run for long without a commit, as standbys do, begins a new row of failures', () => {
  for (const error of [away, failed]) {
    const some = restarts(60_000)
    now = 0
    for (let outage = 0; outage < 20; outage++) {
      expect(some.waitAfter(error)).toBeLessThan(200)
      some.running()
      now += 181_001
    }
  }
})

it('what only tries for long does not, nor what runs until its first commit fails', () => {
  const trying = restarts(60_000)
  now = 0
  expect(trying.waitAfter(away)).toBeGreaterThan(0)
  now = 1_000_000
  expect(trying.waitAfter(away)).toBe(undefined)
  const committing = restarts(60_000)
  for (let i = 0; i < 10; i++) {
    expect(committing.waitAfter(failed)).toBeGreaterThan(0)
    committing.running()
    now += 121_000
  }
  expect(committing.waitAfter(failed)).toBe(undefined)
})
