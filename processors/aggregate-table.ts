import type { Changed } from '../core/serdes/changed.ts'
import type { BufferedKeyValueStore } from '../state/stores/key-value.ts'
import type { Add } from './aggregate.ts'
import type { OldValues, StreamToTable } from './operator.ts'
import type { Reducer } from './reduce.ts'
import { synchronous } from './synchronous.ts'
import { tableWriter } from './table-writer.ts'

export interface TableFold<K, V, A> {
  readonly storeName: string
  /** The aggregate of a group from its first row. */
  readonly first: (value: V, key: K) => A | null
  readonly add: Add<K, V, A>
  /** Takes a row out of its group's aggregate again. */
  readonly subtract: Add<K, V, A>
  readonly oldValues: OldValues
}

/**
 * Keeps an aggregate per group of a table's rows: a changed row is first taken out, then added. After `KTableAggregate` and
 * `KTableReduce`.
 */
export function aggregateTable<K, V, A>(fold: TableFold<K, V, A>): StreamToTable<K, Changed<V>, K, A> {
  const { storeName, first, oldValues } = fold
  return (downstream, context) => {
    const store = context.store(storeName) as BufferedKeyValueStore<K, A>
    const add = synchronous(`aggregate "${storeName}"`, fold.add)
    const subtract = synchronous(`aggregate "${storeName}"`, fold.subtract)
    const write = tableWriter(store, downstream, oldValues, context)
    return ({ newValue, oldValue }, key, timestamp, headers) => {
      const before = store.entry(key)
      let time = timestamp
      let value: A | null = before === null ? null : before.value
      if (before !== null && (oldValue !== null || newValue !== null))
        time = Math.max(timestamp, before.timestamp)
      if (oldValue !== null && value !== null) value = subtract(oldValue, value, key)
      if (newValue !== null) value = value === null ? first(newValue, key) : add(newValue, value, key)
      write(key, value, before === null ? null : before.value, time, timestamp, headers)
    }
  }
}

/** What a reducer is as a fold: the first row is the aggregate. */
export function reducing<K, V>(
  add: Reducer<V>,
  subtract: Reducer<V>
): Pick<TableFold<K, V, V>, 'first' | 'add' | 'subtract'> {
  return { first: (value) => value, add, subtract }
}
