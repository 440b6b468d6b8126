import type { SessionWindows, Windowed } from '../core/windows.ts'
import type { BufferedSessionStore } from '../state/stores/session.ts'
import type { Add } from './aggregate.ts'
import { emitOnClose } from './emit-on-close.ts'
import type { ForwardChange, OperatorContext, StreamToTable } from './operator.ts'
import { type SessionWriter, sessionWriter } from './session-writer.ts'
import { sharedInTask } from './shared.ts'
import { synchronous } from './synchronous.ts'
import type { WindowFold } from './window-aggregate.ts'

export interface SessionFold<K, A> extends WindowFold<A> {
  /** Joins the aggregates of two sessions that turn out to be one. */
  readonly merge: (a: A, b: A, key: K) => A
}

/**
 * Keeps an aggregate per key and session. A record that lies near several sessions merges them: they get tombstones, the new one
 * their merged aggregate. Null values are aggregated, null keys are not. After `KStreamSessionWindowAggregate`.
 *
 * Gives the step for each of the streams that share the aggregate.
 */
export function sessionAggregator<K, A>(
  windows: SessionWindows,
  fold: SessionFold<K, A>
): <V>(add: Add<K, V, A>) => StreamToTable<K, V, Windowed<K>, A> {
  const { gapMs, graceMs } = windows
  const { storeName, initial, oldValues, onClose } = fold
  const writerOf = sharedInTask<SessionWriter<K, A>, ForwardChange<Windowed<K>, A>>((context, downstream) => {
    const store = context.store(storeName) as unknown as BufferedSessionStore<K, A>
    if (!onClose) return sessionWriter(store, downstream, oldValues, context)
    return ({ key, start, end }, value, _old, timestamp) => store.put(key, start, end, value, timestamp)
  })
  return (add) => (downstream, context) => {
    const store = context.store(storeName) as unknown as BufferedSessionStore<K, A>
    const call = synchronous(`aggregate "${storeName}"`, add)
    const merge = synchronous(`aggregate "${storeName}"`, fold.merge)
    const write = writerOf(context, downstream)
    const emit = onClose ? emitSessions(store, downstream, context) : undefined
    let observed: number = context.keepTime(storeName, () => observed)
    return (value, key, timestamp, headers) => {
      if (key === null || key === undefined) return context.dropped('null-key')
      if (timestamp > observed) observed = timestamp
      const closeTime = observed - graceMs - gapMs
      const near = [...store.findSessions(key, timestamp - gapMs, timestamp + gapMs)]
      let start = timestamp
      let end = timestamp
      let sum = initial()
      for (const session of near) {
        sum = merge(sum, session.value, key)
        if (session.start < start) start = session.start
        if (session.end > end) end = session.end
      }
      if (end < closeTime) context.dropped('late')
      else {
        if (start !== timestamp || end !== timestamp)
          for (const session of near) write(session, null, session.value, timestamp, headers)
        write({ key, start, end }, call(value, sum, key), null, timestamp, headers)
      }
      emit?.(closeTime, headers)
    }
  }
}

function emitSessions<K, A>(
  store: BufferedSessionStore<K, A>,
  downstream: ForwardChange<Windowed<K>, A>,
  context: OperatorContext
): ReturnType<typeof emitOnClose> {
  return emitOnClose(
    context,
    store.name,
    {
      lower: (lastEmitted) => Math.max(0, lastEmitted),
      upper: (closeTime) => closeTime - 1,
      worthwhile: (lower, upper) => upper >= lower
    },
    (lower, upper, headers) => {
      for (const { key, start, end, value } of store.findSessionsInTimeOrder(lower, upper))
        downstream(value, null, { key, start, end }, end, headers, true)
    }
  )
}
