import { StreamsError } from '../core/errors.ts'

/** What a store must keep at least, and what that is, for people. */
export interface LeastRetention {
  readonly ms: number
  readonly what: string
}

/**
 * A store's retention as it was given. Throws TOPOLOGY_INVALID for what is no span of time, and for less than is read back: the store would
 * forget what the step above it still asks for, and results would begin anew as if nothing had been there. As Kafka Streams' materializers
 * and `Stores` refuse it.
 */
export function checkedRetention(store: string, retentionMs: number, least?: LeastRetention): number {
  const what = `the retention of store "${store}"`
  checkedSpan(what, retentionMs)
  if (least !== undefined && retentionMs < least.ms)
    throw new StreamsError(
      'TOPOLOGY_INVALID',
      `${what}, ${retentionMs} ms, must not be less than ${least.what}, ${least.ms} ms`
    )
  return retentionMs
}

/** A number of ms as it was given, 0 or more. Throws TOPOLOGY_INVALID for others. */
export function checkedSpan(what: string, ms: number): number {
  if (!Number.isSafeInteger(ms) || ms < 0)
    throw new StreamsError('TOPOLOGY_INVALID', `${what} must be a whole number of ms, 0 or more, not ${ms}`)
  return ms
}
