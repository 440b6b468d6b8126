import type { Operator } from './operator.ts'

/** Before a repartition topic: records without a key belong nowhere, and are dropped and counted. */
export function keyedOnly<K, V>(): Operator<K, V, K, V> {
  return (downstream, context) => (value, key, timestamp, headers) => {
    if (key === null || key === undefined) context.dropped('null-key')
    else downstream(value, key, timestamp, headers)
  }
}
