import { noHeaders } from '../core/record.ts'
import type { BufferedKeyValueStore } from '../state/stores/key-value.ts'
import type { StreamToTable } from './operator.ts'
import { synchronous } from './synchronous.ts'

/** Joins a value into the former ones of its key. The first value of a key is kept as it is. */
export type Reducer<V> = (value: V, reduced: V) => V | null

/** Like `aggregate`, where the aggregate is of the values' own type. After `KStreamReduce`. */
export function reduce<K, V>(storeName: string, reducer: Reducer<V>): StreamToTable<K, V, K, V> {
  return (downstream, context) => {
    const store = context.store(storeName) as BufferedKeyValueStore<K, V>
    const call = synchronous(`reduce "${storeName}"`, reducer)
    store.onChange((key, newValue, oldValue, timestamp) =>
      downstream(newValue, oldValue, key, timestamp, noHeaders)
    )
    return (value, key, timestamp) => {
      if (key === null || key === undefined) return context.dropped('null-key')
      if (value === null || value === undefined) return context.dropped('null-value')
      const before = store.entry(key)
      if (before === null) store.put(key, value, timestamp)
      else store.put(key, call(value, before.value, undefined), Math.max(timestamp, before.timestamp))
    }
  }
}
