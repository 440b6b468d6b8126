import type { Operator } from './operator.ts'
import { synchronous } from './synchronous.ts'

export function selectKey<K, V, KOut>(selector: (value: V, key: K) => KOut): Operator<K, V, KOut, V> {
  return (downstream) => {
    const call = synchronous('selectKey', selector)
    return (value, key, timestamp, headers) =>
      downstream(value, call(value, key, undefined), timestamp, headers)
  }
}
