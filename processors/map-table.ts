import type { BufferedKeyValueStore } from '../state/stores/key-value.ts'
import type { OldValues, TableToTable } from './operator.ts'
import { synchronous } from './synchronous.ts'
import { tableWriter } from './table-writer.ts'

export interface MapTableOptions<K, V, VOut> {
  /** Names the step in messages. */
  readonly step: string
  /** Called for values that are there; null is absent. */
  readonly map: (value: V, key: K) => VOut | null
  /** Keeps the result; undefined: it is worked out from the table before. */
  readonly storeName: string | undefined
  readonly oldValues: OldValues
  /** Whether a change from absent to absent ends here, where old values tell. */
  readonly dropsNothing: boolean
}

/** One value for each value of a table. After `KTableMapValues` and `KTableFilter`. */
export function mapTable<K, V, VOut>(options: MapTableOptions<K, V, VOut>): TableToTable<K, V, K, VOut> {
  const { storeName, oldValues, dropsNothing } = options
  return (downstream, context) => {
    const call = synchronous(options.step, options.map)
    const map = (value: V | null, key: K) =>
      value === null || value === undefined ? null : call(value, key, undefined)
    const { wanted } = oldValues
    if (storeName === undefined)
      return (newValue, oldValue, key, timestamp, headers, latest) => {
        const after = map(newValue, key)
        const before = wanted ? map(oldValue, key) : null
        if (dropsNothing && wanted && after === null && before === null) return
        downstream(after, before, key, timestamp, headers, latest)
      }
    const store = context.store(storeName) as BufferedKeyValueStore<K, VOut>
    const write = tableWriter(store, downstream, oldValues, context)
    return (newValue, _oldValue, key, timestamp, headers) => {
      const after = map(newValue, key)
      const before = wanted ? store.get(key) : null
      if (dropsNothing && wanted && after === null && before === null) return
      write(key, after, before, timestamp, timestamp, headers)
    }
  }
}
