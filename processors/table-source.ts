import { noHeaders } from '../core/record.ts'
import type { BufferedKeyValueStore } from '../state/stores/key-value.ts'
import type { StreamToTable } from './operator.ts'

/** Keeps the latest value of each key of a topic. A null value deletes; a null key is dropped. After `KTableSource`. */
export function tableSource<K, V>(storeName: string): StreamToTable<K, V, K, V> {
  return (downstream, context) => {
    const store = context.store(storeName) as BufferedKeyValueStore<K, V>
    store.onChange((key, newValue, oldValue, timestamp) =>
      downstream(newValue, oldValue, key, timestamp, noHeaders)
    )
    return (value, key, timestamp) => {
      if (key === null || key === undefined) context.dropped('null-key')
      else store.put(key, value, timestamp)
    }
  }
}
