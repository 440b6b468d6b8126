import type { Operator } from './operator.ts'
import { synchronous } from './synchronous.ts'

export function mapValues<K, V, VOut>(mapper: (value: V, key: K) => VOut): Operator<K, V, K, VOut> {
  return (downstream) => {
    const call = synchronous('mapValues', mapper)
    return (value, key, timestamp, headers) =>
      downstream(call(value, key, undefined), key, timestamp, headers)
  }
}
