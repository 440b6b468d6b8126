import type { ValueAndTimestamp } from './state-store.ts'

export interface KeyValueEntry<K, V> {
  readonly key: K
  readonly value: V
  readonly timestamp: number
}

/**
 * A table of the latest value and timestamp of each key, ordered by the bytes of the keys. Reads see uncommitted writes.
 * Values are immutable once handed over: to change one, put another. After Kafka Streams' `TimestampedKeyValueStore`.
 */
export interface ReadOnlyKeyValueStore<K, V> {
  readonly name: string
  get(key: K): V | null
  /** The value with its timestamp. */
  entry(key: K): ValueAndTimestamp<V> | null
  /** Entries with from <= key <= to. Null bounds are open. */
  range(from: K | null, to: K | null): IterableIterator<KeyValueEntry<K, V>>
  reverseRange(from: K | null, to: K | null): IterableIterator<KeyValueEntry<K, V>>
  all(): IterableIterator<KeyValueEntry<K, V>>
}

export interface KeyValueStore<K, V> extends ReadOnlyKeyValueStore<K, V> {
  /** Null deletes. `timestamp` is event time in ms. */
  put(key: K, value: V | null, timestamp: number): void
  /** Returns the value that was there, or null when the new one was put. */
  putIfAbsent(key: K, value: V, timestamp: number): V | null
  delete(key: K, timestamp: number): V | null
}

/** Called when a change leaves the write buffer: at once without a cache, else once per key and commit. */
export type TableListener<K, V> = (key: K, newValue: V | null, oldValue: V | null, timestamp: number) => void
