import type { ValueAndTimestamp } from '../state/state-store.ts'
import type { BufferedKeyValueStore } from '../state/stores/key-value.ts'
import type { OldValues, TableToTable } from './operator.ts'
import { synchronous } from './synchronous.ts'
import type { TableView } from './table-view.ts'
import { tableWriter } from './table-writer.ts'

export interface TableJoinSide<K, V, T, VOut> {
  /** The other table. */
  readonly other: TableView<K, T>
  /** The result of a value of this side and the other's; null where there is none. */
  readonly join: (value: V | null, other: T | null, key: K) => VOut | null
  /** Rows of the other table without one of this make a result, too. */
  readonly otherAlone: boolean
  /** Rows of this table without one of the other make a result, too. */
  readonly alone: boolean
  readonly oldValues: OldValues
  /** This table keeps its past, changes of which are passed over. */
  readonly versioned: boolean
}

/**
 * One side of a join of two tables: each change meets the other's row as it is now. A result's time is the later of the two rows'.
 * After `KTableKTableInnerJoin` and its sisters.
 */
export function tableTableJoin<K, V, T, VOut>(my: TableJoinSide<K, V, T, VOut>): TableToTable<K, V, K, VOut> {
  const { alone, otherAlone, oldValues, versioned } = my
  return (downstream, context) => {
    const { get } = my.other.open(context)
    const call = synchronous('join', my.join)
    const { wanted } = oldValues
    return (newValue, oldValue, key, timestamp, headers, latest) => {
      if (key === null || key === undefined) return context.dropped('null-key')
      if (versioned && !latest) return context.dropped('out-of-order')
      const row = get(key)
      if (row === null && (!alone || (newValue === null && oldValue === null))) return
      const other = row === null ? null : row.value
      const time = row === null ? timestamp : Math.max(timestamp, row.timestamp)
      const has = (value: V | null) => value !== null || (otherAlone && other !== null)
      const after = has(newValue) ? call(newValue, other, key) : null
      const before = wanted && has(oldValue) ? call(oldValue, other, key) : null
      downstream(after, before, key, time, headers, latest)
    }
  }
}

/** Where the results of both sides meet, and are kept if there is a store for them. After `KTableKTableJoinMerger`. */
export function mergeTables<K, V>(
  storeName: string | undefined,
  oldValues: OldValues
): TableToTable<K, V, K, V> {
  return (downstream, context) => {
    const { wanted } = oldValues
    if (storeName === undefined)
      return (newValue, oldValue, key, timestamp, headers, latest) =>
        downstream(newValue, wanted ? oldValue : null, key, timestamp, headers, latest)
    const store = context.store(storeName) as BufferedKeyValueStore<K, V>
    const write = tableWriter(store, downstream, oldValues, context)
    return (newValue, oldValue, key, timestamp, headers) =>
      write(key, newValue, oldValue, timestamp, timestamp, headers)
  }
}

/** The rows of a join that keeps none: worked out from those of both tables. */
export function joinedView<K, L, R, VOut>(
  left: TableView<K, L>,
  right: TableView<K, R>,
  join: (left: L | null, right: R | null, key: K) => VOut | null,
  kind: 'inner' | 'left' | 'outer'
): TableView<K, VOut> {
  return {
    stores: [...left.stores, ...right.stores],
    open(context) {
      const [lefts, rights] = [left.open(context), right.open(context)]
      return {
        get(key): ValueAndTimestamp<VOut> | null {
          const l = lefts.get(key)
          if (l === null && kind !== 'outer') return null
          const r = rights.get(key)
          if (r === null && (kind === 'inner' || l === null)) return null
          const value = join(l?.value ?? null, r?.value ?? null, key)
          const timestamp = Math.max(l?.timestamp ?? -1, r?.timestamp ?? -1)
          return value === null ? null : { value, timestamp }
        }
      }
    }
  }
}
