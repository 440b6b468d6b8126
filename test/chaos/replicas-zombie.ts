import type { ErrorCode } from '../../core/errors.ts'

/*
 * What a replica that was frozen for longer than its session may say and do when it wakes up: the group has gone on without it.
 */

/** It ends with one of these when another process has its place, when joining again is of no use, or when its own watch took the freeze for a hang. */
const fencing: readonly ErrorCode[] = ['GROUP_FENCED', 'PRODUCER_FENCED', 'GROUP_REBALANCE', 'TASK_STUCK']

/** Whether these last words of a replica, `ended: CODE message`, tell of an end that fencing may have. */
export function isFencedEnd(words: string): boolean {
  const [, code] = /^ended: (\w+) /.exec(words) ?? []
  return fencing.some((one) => one === code)
}

/** Whether this warning says that the replica was told, and what it did was dropped: its tasks are made anew, or it ends. */
export function tellsOfFencing(warning: string): boolean {
  return warning.includes('anew from their last commit') || isFencedEnd(warning)
}
