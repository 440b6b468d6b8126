import type { ValueAndTimestamp } from './state-store.ts'

export interface WindowEntry<K, V> {
  readonly key: K
  /** Start of the window, ms. */
  readonly start: number
  readonly value: V
  readonly timestamp: number
}

/**
 * Values by key and window start. Windows older than the retention, counted back from the highest window start seen, are not read
 * any more. After Kafka Streams' `TimestampedWindowStore`.
 */
export interface ReadOnlyWindowStore<K, V> {
  readonly name: string
  get(key: K, start: number): V | null
  entry(key: K, start: number): ValueAndTimestamp<V> | null
  /** Windows of one key with fromStart <= start <= toStart, oldest first. */
  fetch(key: K, fromStart: number, toStart: number): IterableIterator<WindowEntry<K, V>>
  /** The same, latest first. */
  reverseFetch(key: K, fromStart: number, toStart: number): IterableIterator<WindowEntry<K, V>>
  /** Windows of the keys with fromKey <= key <= toKey. Null bounds are open. */
  fetchRange(
    fromKey: K | null,
    toKey: K | null,
    fromStart: number,
    toStart: number
  ): IterableIterator<WindowEntry<K, V>>
  /** Windows of all keys with fromStart <= start <= toStart, by key bytes, then start. */
  fetchAll(fromStart: number, toStart: number): IterableIterator<WindowEntry<K, V>>
  reverseFetchAll(fromStart: number, toStart: number): IterableIterator<WindowEntry<K, V>>
  /** The same, by start, then key bytes. */
  fetchAllInTimeOrder(fromStart: number, toStart: number): WindowEntry<K, V>[]
  all(): IterableIterator<WindowEntry<K, V>>
}

export interface WindowStore<K, V> extends ReadOnlyWindowStore<K, V> {
  /** Null deletes. `start` and `timestamp` are event times in ms. */
  put(key: K, value: V | null, start: number, timestamp: number): void
}

/** Called when a change leaves the write buffer. */
export type WindowListener<K, V> = (
  key: K,
  start: number,
  newValue: V | null,
  oldValue: V | null,
  timestamp: number
) => void
