import type { Changed } from '../core/serdes/changed.ts'
import type { TableToStream } from './operator.ts'
import { synchronous } from './synchronous.ts'

/**
 * A table's rows under new keys, as changes that leave the old group and join the new one. Where a row stays in its group that is one
 * record. Rows that are given no key or no value belong to no group. After `KTableRepartitionMap`.
 *
 * @param latestOnly pass over changes of a versioned table's past
 */
export function regroupTable<K, V, KOut, VOut>(
  selector: (value: V, key: K) => readonly [KOut | null, VOut | null],
  sameKey: (a: KOut, b: KOut) => boolean,
  latestOnly: boolean
): TableToStream<K, V, KOut, Changed<VOut>> {
  return (downstream) => {
    const call = synchronous('groupBy', selector)
    return (newValue, oldValue, key, timestamp, headers, latest) => {
      if (latestOnly && !latest) return
      const [newKey, joins] = newValue === null ? nobody : call(newValue, key, undefined)
      const [oldKey, leaves] = oldValue === null ? nobody : call(oldValue, key, undefined)
      const into = absent(newKey) || absent(joins) ? null : newKey
      const from = absent(oldKey) || absent(leaves) ? null : oldKey
      if (into !== null && from !== null && sameKey(into, from))
        return downstream({ newValue: joins, oldValue: leaves }, into, timestamp, headers)
      if (from !== null) downstream({ newValue: null, oldValue: leaves }, from, timestamp, headers)
      if (into !== null) downstream({ newValue: joins, oldValue: null }, into, timestamp, headers)
    }
  }
}

const nobody = [null, null] as const

function absent(part: unknown): part is null | undefined {
  return part === null || part === undefined
}
