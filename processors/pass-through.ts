import type { Operator } from './operator.ts'

/** Hands records on: the meeting point of merged streams, and the way out of a source. */
export function passThrough<K, V>(): Operator<K, V, K, V> {
  return (downstream) => downstream
}
