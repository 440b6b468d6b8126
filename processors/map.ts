import type { Operator } from './operator.ts'
import { synchronous } from './synchronous.ts'

/** New key and value, as `[key, value]`. */
export function map<K, V, KOut, VOut>(
  mapper: (value: V, key: K) => readonly [KOut, VOut]
): Operator<K, V, KOut, VOut> {
  return (downstream) => {
    const call = synchronous('map', mapper)
    return (value, key, timestamp, headers) => {
      const pair = call(value, key, undefined)
      downstream(pair[1], pair[0], timestamp, headers)
    }
  }
}
