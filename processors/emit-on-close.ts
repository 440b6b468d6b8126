import type { Headers } from '../core/record.ts'
import type { OperatorContext } from './operator.ts'

/** Which windows have closed between two moments. */
export interface ClosedRange {
  /** Where to begin, by the close time up to which windows were emitted; -1: none yet. */
  lower(lastEmitted: number): number
  /** Where to end, both included, by the close time reached. */
  upper(closeTime: number): number
  /** Whether a look from `lower` to `upper` can find anything that was not emitted. */
  worthwhile(lower: number, upper: number, lastEmitted: number): boolean
}

/**
 * Emits windows once, when they have closed. Looks for them when a record comes and the wall clock has moved by the emit interval. How far
 * it came is kept under the store's name, so that a restart leaves out no window and repeats none. After `maybeForwardFinalResult`.
 */
export function emitOnClose(
  context: OperatorContext,
  storeName: string,
  range: ClosedRange,
  emit: (lower: number, upper: number, headers: Headers) => void
): (closeTime: number, headers: Headers) => void {
  let lastEmitted: number = context.keep(storeName, () => lastEmitted)
  let nextLook = 0
  return (closeTime, headers) => {
    const now = context.wallClock()
    if (now < nextLook) return
    if (lastEmitted >= 0 && lastEmitted >= closeTime) return
    const upper = range.upper(closeTime)
    if (upper < 0) return
    const lower = range.lower(lastEmitted)
    if (!range.worthwhile(lower, upper, lastEmitted)) return
    nextLook = now + context.emitIntervalMs
    emit(lower, upper, headers)
    lastEmitted = closeTime
  }
}
