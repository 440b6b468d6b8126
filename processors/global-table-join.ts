import type { KeyValueStore } from '../state/key-value-store.ts'
import type { Operator } from './operator.ts'
import { synchronous } from './synchronous.ts'

/**
 * Looks a key taken from each record up in a global table; records without a key of their own are joined, too. Records without a value
 * are dropped, and those that are given no key, except in a left join. After `KStreamKTableJoin` with a global table.
 */
export function globalTableJoin<K, V, GK, T, VOut>(
  storeName: string,
  selector: (value: V, key: K) => GK | null,
  joiner: (value: V, tableValue: T | null, key: K) => VOut,
  left: boolean
): Operator<K, V, K, VOut> {
  return (downstream, context) => {
    const table = context.store(storeName) as unknown as KeyValueStore<GK, T>
    const select = synchronous('join', selector)
    const call = synchronous('join', joiner)
    return (value, key, timestamp, headers) => {
      if (value === null || value === undefined) return context.dropped('null-value')
      const wanted = select(value, key, undefined)
      if ((wanted === null || wanted === undefined) && !left) return context.dropped('null-key')
      const match = wanted === null || wanted === undefined ? null : table.get(wanted)
      if (match !== null || left) downstream(call(value, match, key), key, timestamp, headers)
    }
  }
}
