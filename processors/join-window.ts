import { type Headers, noHeaders } from '../core/record.ts'
import type { WindowStore } from '../state/window-store.ts'
import type { Operator, OperatorContext } from './operator.ts'

/** Hands each record on to be joined, then keeps it for the other side. After `KStreamJoinWindow`. */
export function joinWindow<K, V>(storeName: string): Operator<K, V, K, V> {
  return (downstream, context) => {
    const keep = joinWindowKeeper<K, V>(storeName, context)
    return (value, key, timestamp, headers) => {
      downstream(value, key, timestamp, headers)
      keep(value, key, timestamp, headers)
    }
  }
}

/** Puts records into the store of a join's side, each logged with its headers. One without a key is not kept. */
export function joinWindowKeeper<K, V>(
  storeName: string,
  context: OperatorContext
): (value: V, key: K, timestamp: number, headers: Headers) => void {
  const store = context.store(storeName) as unknown as WindowStore<K, V>
  let current: Headers = noHeaders
  context.logHeaders(storeName, () => current)
  return (value, key, timestamp, headers) => {
    if (key === null || key === undefined) return
    current = headers
    store.put(key, value, timestamp, timestamp)
    current = noHeaders
  }
}
