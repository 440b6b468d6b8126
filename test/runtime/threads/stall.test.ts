import { expect, it } from 'vitest'
import { Progress } from '../../../runtime/task/progress.ts'
import { Stall } from '../../../runtime/threads/stall.ts'

/** Looks every 100 ms; tells when it was found stuck. */
function lookUntil(stall: Stall, from: number, to: number): number[] {
  const found: number[] = []
  for (let now = from; now <= to; now += 100) if (stall.look(now)) found.push(now)
  return found
}

it('is told once, when nothing was done for long enough, and again for the next', () => {
  const progress = new Progress()
  const stall = new Stall(progress, 1000)
  // it has not begun
  expect(lookUntil(stall, 0, 3000)).toEqual([])
  progress.enter(2)
  progress.record(1, 77)
  expect(lookUntil(stall, 3100, 6000)).toEqual([4100])
  expect(progress.work).toEqual({ task: 2, record: { input: 1, offset: 77 } })
  progress.leave()
  // whatever holds it up now, it is no task
  expect(progress.work).toBe(undefined)
  expect(lookUntil(stall, 6100, 8000)).toEqual([])
  progress.enter(3)
  expect(lookUntil(stall, 8100, 9900)).toEqual([9100])
  expect(progress.work).toEqual({ task: 3, record: undefined })
})

it('a process that was frozen is not taken for a thread that is stuck', () => {
  const progress = new Progress()
  const stall = new Stall(progress, 1000)
  progress.enter(0)
  expect(lookUntil(stall, 0, 500)).toEqual([])
  expect(stall.look(60_000)).toBe(false)
  expect(lookUntil(stall, 60_100, 61_500)).toEqual([60_300])
})
