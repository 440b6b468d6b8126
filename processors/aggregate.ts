import { noHeaders } from '../core/record.ts'
import type { BufferedKeyValueStore } from '../state/stores/key-value.ts'
import type { StreamToTable } from './operator.ts'
import { synchronous } from './synchronous.ts'

/** Joins one value into the aggregate of its key; returns the new aggregate, or null to delete it. Must not change the old one. */
export type Add<K, V, A> = (value: V, aggregate: A, key: K) => A | null

/**
 * Keeps an aggregate per key. Its timestamp is the latest of its records'. Records without key or value are dropped and
 * counted. After `KStreamAggregate`.
 */
export function aggregate<K, V, A>(
  storeName: string,
  initial: () => A,
  add: Add<K, V, A>
): StreamToTable<K, V, K, A> {
  return (downstream, context) => {
    const store = context.store(storeName) as BufferedKeyValueStore<K, A>
    const call = synchronous(`aggregate "${storeName}"`, add)
    store.onChange((key, newValue, oldValue, timestamp) =>
      downstream(newValue, oldValue, key, timestamp, noHeaders)
    )
    return (value, key, timestamp) => {
      if (key === null || key === undefined) return context.dropped('null-key')
      if (value === null || value === undefined) return context.dropped('null-value')
      const before = store.entry(key)
      if (before === null) store.put(key, call(value, initial(), key), timestamp)
      else store.put(key, call(value, before.value, key), Math.max(timestamp, before.timestamp))
    }
  }
}
