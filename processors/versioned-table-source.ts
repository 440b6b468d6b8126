import type { VersionedStore } from '../state/versioned-store.ts'
import type { StreamToTable } from './operator.ts'
import type { TableView } from './table-view.ts'

/**
 * Keeps the versions of each key of a topic. An update of the past is told as one; one older than the history is dropped. After
 * `KTableSource`.
 */
export function versionedTableSource<K, V>(storeName: string): StreamToTable<K, V, K, V> {
  return (downstream, context) => {
    const store = context.store(storeName) as unknown as VersionedStore<K, V>
    return (value, key, timestamp, headers) => {
      if (key === null || key === undefined) return context.dropped('null-key')
      const before = store.get(key)
      const result = store.put(key, value, timestamp)
      if (result === 'dropped') return context.dropped('late')
      downstream(value, before === null ? null : before.value, key, timestamp, headers, result === 'latest')
    }
  }
}

/** The rows of a versioned store, as of now or of a time. */
export function versionedView<K, V>(storeName: string): TableView<K, V> {
  return {
    stores: [storeName],
    open(context) {
      const store = context.store(storeName) as unknown as VersionedStore<K, V>
      return { get: (key) => store.get(key), asOf: (key, timestamp) => store.getAsOf(key, timestamp) }
    }
  }
}
