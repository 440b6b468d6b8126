import type { BufferedKeyValueStore } from '../state/stores/key-value.ts'
import type { OldValues, StreamToTable } from './operator.ts'
import { sharedInTask } from './shared.ts'
import { synchronous } from './synchronous.ts'
import { type TableWriter, tableWriter } from './table-writer.ts'

/** Joins one value into the aggregate of its key; returns the new aggregate, or null to delete it. Must not change the old one. */
export type Add<K, V, A> = (value: V, aggregate: A, key: K) => A | null

/**
 * Keeps an aggregate per key. Its timestamp is the latest of its records'. Records without key or value are dropped and
 * counted. After `KStreamAggregate`: the value before a key's first change is the initial one.
 *
 * Gives the step for each of the streams that share the aggregate. They all lead to the same step.
 */
export function aggregator<K, A>(
  storeName: string,
  initial: () => A,
  oldValues: OldValues
): <V>(add: Add<K, V, A>) => StreamToTable<K, V, K, A> {
  const writerOf = sharedInTask<TableWriter<K, A>, Parameters<StreamToTable<K, unknown, K, A>>[0]>(
    (context, downstream) =>
      tableWriter(context.store(storeName) as BufferedKeyValueStore<K, A>, downstream, oldValues, context)
  )
  return (add) => (downstream, context) => {
    const store = context.store(storeName) as BufferedKeyValueStore<K, A>
    const call = synchronous(`aggregate "${storeName}"`, add)
    const write = writerOf(context, downstream)
    return (value, key, timestamp, headers) => {
      if (key === null || key === undefined) return context.dropped('null-key')
      if (value === null || value === undefined) return context.dropped('null-value')
      const before = store.entry(key)
      const old = before === null ? initial() : before.value
      const time = before === null ? timestamp : Math.max(timestamp, before.timestamp)
      write(key, call(value, old, key), old, time, timestamp, headers)
    }
  }
}
