import type { HeldTask } from './held-task.ts'
import type { CopyOffsets } from './membership/task-offsets.ts'
import type { Restorer } from './restore/restorer.ts'

/** Changelog records that a copy lacks; undefined until that is known of each store. */
export function lagOf(held: HeldTask, restorer: Restorer): number | undefined {
  return held.ofEach((job) => restorer.lag(job))?.reduce(sum, 0)
}

/** For how long a copy has lacked something, ms. */
export function lagMsOf(held: HeldTask, restorer: Restorer): number | undefined {
  const lags = held.ofEach((job) => restorer.lagMs(job))
  return lags && Math.max(0, ...lags)
}

export function offsetsOf(held: HeldTask, restorer: Restorer): CopyOffsets | undefined {
  const offset = held.ofEach((job) => restorer.position(job))?.reduce(sum, 0)
  const lag = lagOf(held, restorer)
  return offset === undefined || lag === undefined ? undefined : { offset, endOffset: offset + lag }
}

function sum(one: number, other: number): number {
  return one + other
}
