import type { KeyValueStore } from '../state/key-value-store.ts'
import type { Operator } from './operator.ts'
import { synchronous } from './synchronous.ts'

/** Looks each record's key up in a table. Records without a match, key or value are dropped. After `KStreamKTableJoin`. */
export function streamTableJoin<K, V, T, VOut>(
  storeName: string,
  joiner: (value: V, tableValue: T, key: K) => VOut
): Operator<K, V, K, VOut> {
  return (downstream, context) => {
    const table = context.store(storeName) as unknown as KeyValueStore<K, T>
    const call = synchronous('join', joiner)
    return (value, key, timestamp, headers) => {
      if (key === null || key === undefined) return context.dropped('null-key')
      if (value === null || value === undefined) return context.dropped('null-value')
      const match = table.get(key)
      if (match !== null) downstream(call(value, match, key), key, timestamp, headers)
    }
  }
}

/** The same, where records without a match go on with null. Only records without a value are dropped. */
export function streamTableLeftJoin<K, V, T, VOut>(
  storeName: string,
  joiner: (value: V, tableValue: T | null, key: K) => VOut
): Operator<K, V, K, VOut> {
  return (downstream, context) => {
    const table = context.store(storeName) as unknown as KeyValueStore<K, T>
    const call = synchronous('leftJoin', joiner)
    return (value, key, timestamp, headers) => {
      if (value === null || value === undefined) return context.dropped('null-value')
      const match = key === null || key === undefined ? null : table.get(key)
      downstream(call(value, match, key), key, timestamp, headers)
    }
  }
}
