import type { Headers } from '../core/record.ts'
import type { KeyValueStore } from '../state/key-value-store.ts'
import type { WindowStore } from '../state/window-store.ts'
import type { Forward, Operator, OperatorContext } from './operator.ts'
import { sharedInTask } from './shared.ts'
import { synchronous } from './synchronous.ts'
import type { UnmatchedKey, UnmatchedValue } from './unmatched.ts'

export interface StreamJoin<K, L, R, VOut> {
  readonly leftStore: string
  readonly rightStore: string
  /** Where records without a partner wait until their window has closed; undefined for inner joins. */
  readonly unmatchedStore: string | undefined
  readonly leftOuter: boolean
  readonly rightOuter: boolean
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
  readonly joiner: (left: L | null, right: R | null, key: K) => VOut
}

/** What both sides of a join know of time. */
interface SharedTime {
  stream: number
  /** The earliest unmatched record that may be waiting. */
  earliest: number
  nextLook: number
}

type Unmatched<K, L, R> = KeyValueStore<UnmatchedKey<K>, readonly UnmatchedValue<L, R>[]>

/**
 * The two sides of a windowed join: each looks up the records that the other has kept. Records of an outer side that find none wait in
 * a store until no partner can come any more; late ones go out at once. After `KStreamKStreamJoin`.
 */
export function streamStreamJoin<K, L, R, VOut>(
  join: StreamJoin<K, L, R, VOut>
): { readonly left: Operator<K, L, K, VOut>; readonly right: Operator<K, R, K, VOut> } {
  const timeOf = sharedInTask<SharedTime, undefined>((context) => {
    const unmatched =
      join.unmatchedStore === undefined
        ? undefined
        : (context.store(join.unmatchedStore) as unknown as Unmatched<K, L, R>)
    const first = () => {
      for (const { key } of unmatched?.all() ?? []) return key.timestamp
      return -1
    }
    const time: SharedTime = {
      stream: context.keepTime(join.leftStore, () => time.stream),
      earliest: Number.POSITIVE_INFINITY,
      nextLook: 0
    }
    if (join.unmatchedStore === undefined) return time
    // what waits since before a restart must not wait for another one to come
    const known = () => (Number.isFinite(time.earliest) ? time.earliest : -1)
    const earliest = context.keepTime(join.unmatchedStore, known, first)
    if (earliest >= 0) time.earliest = earliest
    return time
  })
  return {
    left: side<K, L, R, VOut, L, R>(join, timeOf, {
      left: true,
      outer: join.leftOuter,
      otherStore: join.rightStore,
      beforeMs: join.beforeMs,
      afterMs: join.afterMs,
      join: (value, other, key) => join.joiner(value, other, key),
      wrap: (value) => ({ left: value })
    }),
    right: side<K, L, R, VOut, R, L>(join, timeOf, {
      left: false,
      outer: join.rightOuter,
      otherStore: join.leftStore,
      beforeMs: join.afterMs,
      afterMs: join.beforeMs,
      join: (value, other, key) => join.joiner(other, value, key),
      wrap: (value) => ({ right: value })
    })
  }
}

interface Side<K, L, R, VOut, This, Other> {
  readonly left: boolean
  readonly outer: boolean
  readonly otherStore: string
  readonly beforeMs: number
  readonly afterMs: number
  readonly join: (value: This, other: Other | null, key: K) => VOut
  readonly wrap: (value: This) => UnmatchedValue<L, R>
}

function side<K, L, R, VOut, This, Other>(
  join: StreamJoin<K, L, R, VOut>,
  timeOf: (context: OperatorContext, argument: undefined) => SharedTime,
  my: Side<K, L, R, VOut, This, Other>
): Operator<K, This, K, VOut> {
  const { unmatchedStore, graceMs } = join
  return (downstream, context) => {
    const others = context.store(my.otherStore) as unknown as WindowStore<K, Other>
    const unmatched =
      unmatchedStore === undefined
        ? undefined
        : (context.store(unmatchedStore) as unknown as Unmatched<K, L, R>)
    const time = timeOf(context, undefined)
    const call = synchronous('join', my.join)
    const emit = unmatched && emitUnmatched(join, unmatched, time, downstream, context)
    return (value, key, timestamp, headers) => {
      if (timestamp > time.stream) time.stream = timestamp
      if (value === null || value === undefined) return context.dropped('null-value')
      if (key === null || key === undefined) {
        if (!my.outer) return context.dropped('null-key')
        return downstream(call(value, null, key), key, timestamp, headers)
      }
      if (timestamp === time.stream && time.earliest + my.afterMs + graceMs < time.stream)
        emit?.(timestamp, headers)
      const from = Math.max(0, timestamp - my.beforeMs)
      const to = Math.max(0, timestamp + my.afterMs)
      let matched = false
      for (const other of others.fetch(key, from, to)) {
        matched = true
        if (unmatched !== undefined) {
          const waiting = { key, timestamp: other.start, left: !my.left }
          if (unmatched.get(waiting) !== null) unmatched.delete(waiting, timestamp)
        }
        const latest = Math.max(timestamp, other.start)
        downstream(call(value, other.value, key), key, latest, headers)
      }
      if (matched || !my.outer) return
      if (unmatched === undefined || to < time.stream)
        return downstream(call(value, null, key), key, timestamp, headers)
      if (timestamp < time.earliest) time.earliest = timestamp
      const waiting = { key, timestamp, left: my.left }
      unmatched.put(waiting, [...(unmatched.get(waiting) ?? []), my.wrap(value)], timestamp)
    }
  }
}

/** Sends out the records that will find no partner any more, the oldest first. */
function emitUnmatched<K, L, R, VOut>(
  join: StreamJoin<K, L, R, VOut>,
  unmatched: Unmatched<K, L, R>,
  time: SharedTime,
  downstream: Forward<K, VOut>,
  context: OperatorContext
): (timestamp: number, headers: Headers) => void {
  const { beforeMs, afterMs, graceMs, joiner } = join
  return (now, headers) => {
    const clock = context.wallClock()
    if (clock < time.nextLook) return
    time.nextLook = clock + context.emitIntervalMs
    time.earliest = Number.POSITIVE_INFINITY
    let leftOpen = false
    let rightOpen = false
    for (const { key: waiting, value: values } of unmatched.all()) {
      const { key, timestamp, left } = waiting
      time.earliest = timestamp
      if (leftOpen && rightOpen) break
      if (timestamp + (left ? afterMs : beforeMs) + graceMs >= time.stream) {
        if (left) leftOpen = true
        else rightOpen = true
        continue
      }
      for (const value of values) {
        const joined = 'left' in value ? joiner(value.left, null, key) : joiner(null, value.right, key)
        downstream(joined, key, timestamp, headers)
      }
      unmatched.delete(waiting, now)
    }
  }
}
