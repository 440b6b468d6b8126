import type { Operator } from './operator.ts'
import { synchronous } from './synchronous.ts'

/** Any number of `[key, value]` pairs for a record. */
export function flatMap<K, V, KOut, VOut>(
  mapper: (value: V, key: K) => Iterable<readonly [KOut, VOut]>
): Operator<K, V, KOut, VOut> {
  return (downstream) => {
    const call = synchronous('flatMap', mapper)
    return (value, key, timestamp, headers) => {
      for (const pair of call(value, key, undefined)) downstream(pair[1], pair[0], timestamp, headers)
    }
  }
}
