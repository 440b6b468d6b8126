import type { Operator } from './operator.ts'
import { synchronous } from './synchronous.ts'
import type { TableView } from './table-view.ts'

/**
 * Looks each record's key up in a table; in a versioned one as of the record's time. Records without a match are dropped, or in a left
 * join go on with null. Records without a value are always dropped, those without a key in an inner join. After
 * `KStreamKTableJoin`.
 */
export function streamTableJoin<K, V, T, VOut>(
  view: TableView<K, T>,
  joiner: (value: V, tableValue: T | null, key: K) => VOut,
  left: boolean
): Operator<K, V, K, VOut> {
  return (downstream, context) => {
    const { get, asOf } = view.open(context)
    const call = synchronous(left ? 'leftJoin' : 'join', joiner)
    return (value, key, timestamp, headers) => {
      if (value === null || value === undefined) return context.dropped('null-value')
      const keyless = key === null || key === undefined
      if (keyless && !left) return context.dropped('null-key')
      const row = keyless ? null : asOf === undefined ? get(key) : asOf(key, timestamp)
      if (row === null && !left) return
      downstream(call(value, row === null ? null : row.value, key), key, timestamp, headers)
    }
  }
}
