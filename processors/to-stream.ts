import type { TableToStream } from './operator.ts'

/** A table's changes as a stream of its new values; null means that the key is gone. */
export function toStream<K, V>(): TableToStream<K, V, K, V | null> {
  return (downstream) => (newValue, _oldValue, key, timestamp, headers) =>
    downstream(newValue, key, timestamp, headers)
}
