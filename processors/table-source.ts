import type { BufferedKeyValueStore } from '../state/stores/key-value.ts'
import type { OldValues, StreamToTable } from './operator.ts'
import { tableWriter } from './table-writer.ts'

/** Keeps the latest value of each key of a topic. A null value deletes; a null key is dropped. After `KTableSource`. */
export function tableSource<K, V>(storeName: string, oldValues: OldValues): StreamToTable<K, V, K, V> {
  return (downstream, context) => {
    const store = context.store(storeName) as BufferedKeyValueStore<K, V>
    const write = tableWriter(store, downstream, oldValues, context)
    return (value, key, timestamp, headers) => {
      if (key === null || key === undefined) return context.dropped('null-key')
      write(key, value, oldValues.wanted ? store.get(key) : null, timestamp, timestamp, headers)
    }
  }
}

/** A table that nobody looks into: its changes go by, without a store. */
export function tableSourceWithoutStore<K, V>(): StreamToTable<K, V, K, V> {
  return (downstream, context) => (value, key, timestamp, headers) => {
    if (key === null || key === undefined) context.dropped('null-key')
    else downstream(value, null, key, timestamp, headers, true)
  }
}
