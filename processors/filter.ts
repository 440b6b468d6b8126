import type { Operator } from './operator.ts'
import { synchronous } from './synchronous.ts'

export function filter<K, V>(predicate: (value: V, key: K) => boolean): Operator<K, V, K, V> {
  return (downstream) => {
    const keep = synchronous('filter', predicate)
    return (value, key, timestamp, headers) => {
      if (keep(value, key, undefined)) downstream(value, key, timestamp, headers)
    }
  }
}
