import type { KeyValueStore } from '../state/key-value-store.ts'
import type { ValueAndTimestamp } from '../state/state-store.ts'
import type { OperatorContext } from './operator.ts'

/** Looks up rows of a table in the task. */
export interface TableReader<K, V> {
  get(key: K): ValueAndTimestamp<V> | null
  /** The row as of a time; versioned tables only. */
  asOf?(key: K, timestamp: number): ValueAndTimestamp<V> | null
}

/** How a step may look into a table: through a store of its own, or that of a table before it. */
export interface TableView<K, V> {
  /** The stores it reads: whoever looks is in the same sub-topology. */
  readonly stores: readonly string[]
  open(context: OperatorContext): TableReader<K, V>
}

/** The rows of a key-value store. */
export function storeView<K, V>(storeName: string): TableView<K, V> {
  return {
    stores: [storeName],
    open(context) {
      const store = context.store(storeName) as unknown as KeyValueStore<K, V>
      return { get: (key) => store.entry(key) }
    }
  }
}

/** A table's rows after a function; null where it says null. */
export function mappedView<K, V, VOut>(
  view: TableView<K, V>,
  map: (value: V, key: K) => VOut | null
): TableView<K, VOut> {
  const mapped = (row: ValueAndTimestamp<V> | null, key: K): ValueAndTimestamp<VOut> | null => {
    if (row === null) return null
    const value = map(row.value, key)
    return value === null ? null : { value, timestamp: row.timestamp }
  }
  return {
    stores: view.stores,
    open(context) {
      const { get, asOf } = view.open(context)
      const reader: TableReader<K, VOut> = { get: (key) => mapped(get(key), key) }
      if (asOf !== undefined) reader.asOf = (key, timestamp) => mapped(asOf(key, timestamp), key)
      return reader
    }
  }
}
