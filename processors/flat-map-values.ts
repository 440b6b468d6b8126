import type { Operator } from './operator.ts'
import { synchronous } from './synchronous.ts'

/** Any number of values for a record; the key stays. */
export function flatMapValues<K, V, VOut>(
  mapper: (value: V, key: K) => Iterable<VOut>
): Operator<K, V, K, VOut> {
  return (downstream) => {
    const call = synchronous('flatMapValues', mapper)
    return (value, key, timestamp, headers) => {
      for (const one of call(value, key, undefined)) downstream(one, key, timestamp, headers)
    }
  }
}
