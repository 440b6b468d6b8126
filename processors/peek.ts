import type { Operator } from './operator.ts'
import { synchronous } from './synchronous.ts'

/** Shows each record to a function and hands it on as it is. */
export function peek<K, V>(action: (value: V, key: K) => void): Operator<K, V, K, V> {
  return (downstream) => {
    const call = synchronous('peek', action)
    return (value, key, timestamp, headers) => {
      call(value, key, undefined)
      downstream(value, key, timestamp, headers)
    }
  }
}
