import type { WindowStore } from '../state/window-store.ts'
import { joinWindowKeeper } from './join-window.ts'
import type { Operator } from './operator.ts'
import { synchronous } from './synchronous.ts'

export interface StreamSelfJoin<K, V, VOut> {
  readonly store: string
  readonly beforeMs: number
  readonly afterMs: number
  readonly joiner: (left: V, right: V, key: K) => VOut
}

/**
 * The inner join of a stream with itself, with one store for what would be equal in two. After `KStreamKStreamSelfJoin`, whose order it keeps: a
 * record first as the left one, with those before it; then as the right one, in the order of their times, itself among them.
 *
 * The record is put in between and so meets itself in the store, if it is not too late to be kept and the windows hold it: just what happens with
 * two stores. Kafka Streams works that out without the store and differs from its own join with two: there a record meets itself also where the
 * windows leave it out, and does not when it is late to the last millisecond.
 */
export function streamSelfJoin<K, V, VOut>(join: StreamSelfJoin<K, V, VOut>): Operator<K, V, K, VOut> {
  const { store: storeName, beforeMs, afterMs, joiner } = join
  return (downstream, context) => {
    const store = context.store(storeName) as unknown as WindowStore<K, V>
    const keep = joinWindowKeeper<K, V>(storeName, context)
    const call = synchronous('join', joiner)
    return (value, key, timestamp, headers) => {
      if (value === null || value === undefined) {
        context.dropped('null-value')
        return keep(value, key, timestamp, headers)
      }
      if (key === null || key === undefined) return context.dropped('null-key')
      const earliest = Math.max(0, timestamp - beforeMs)
      for (const { value: other, start } of store.fetch(key, earliest, Math.max(0, timestamp + afterMs)))
        downstream(call(value, other, key), key, Math.max(timestamp, start), headers)
      keep(value, key, timestamp, headers)
      const mirrored = Math.max(0, timestamp - afterMs)
      for (const { value: other, start } of store.fetch(key, mirrored, Math.max(0, timestamp + beforeMs)))
        downstream(call(other, value, key), key, Math.max(timestamp, start), headers)
    }
  }
}
