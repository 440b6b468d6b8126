import type { BufferedKeyValueStore } from '../state/stores/key-value.ts'
import type { OldValues, StreamToTable } from './operator.ts'
import { synchronous } from './synchronous.ts'
import { tableWriter } from './table-writer.ts'

/** Joins a value into the former ones of its key. The first value of a key is kept as it is. */
export type Reducer<V> = (value: V, reduced: V) => V | null

/** Like `aggregate`, where the aggregate is of the values' own type. After `KStreamReduce`. */
export function reduce<K, V>(
  storeName: string,
  reducer: Reducer<V>,
  oldValues: OldValues
): StreamToTable<K, V, K, V> {
  return (downstream, context) => {
    const store = context.store(storeName) as BufferedKeyValueStore<K, V>
    const call = synchronous(`reduce "${storeName}"`, reducer)
    const write = tableWriter(store, downstream, oldValues, context)
    return (value, key, timestamp, headers) => {
      if (key === null || key === undefined) return context.dropped('null-key')
      if (value === null || value === undefined) return context.dropped('null-value')
      const before = store.entry(key)
      if (before === null) write(key, value, null, timestamp, timestamp, headers)
      else {
        const time = Math.max(timestamp, before.timestamp)
        write(key, call(value, before.value, undefined), before.value, time, timestamp, headers)
      }
    }
  }
}
