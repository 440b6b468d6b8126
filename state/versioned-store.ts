/** A value that was a key's from `timestamp` on. */
export interface VersionedValue<V> {
  readonly value: V
  /** Since when it was valid, ms. */
  readonly timestamp: number
  /** Until when, exclusive; undefined for the latest. */
  readonly validTo: number | undefined
}

/**
 * The versions of each key over time, deletions included. The latest version of a key never expires; what was valid before is known as far
 * back as the history retention, counted from the highest timestamp put. After Kafka Streams' `VersionedKeyValueStore` (KIP-889).
 */
export interface ReadOnlyVersionedStore<K, V> {
  readonly name: string
  /** The latest version; null when there is none or the key was deleted last. */
  get(key: K): VersionedValue<V> | null
  /** The version that was valid at a time; null also for times before the history. */
  getAsOf(key: K, asOf: number): VersionedValue<V> | null
  /** Versions that were valid at some time between `from` and `to`, both included (KIP-968). */
  getRange(key: K, from: number, to: number, order: 'ascending' | 'descending'): VersionedValue<V>[]
}

/**
 * What became of a version put: valid until the time given; `latest` when nothing later is known; `dropped` when it was older than
 * the history.
 */
export type PutResult = number | 'latest' | 'dropped'

export interface VersionedStore<K, V> extends ReadOnlyVersionedStore<K, V> {
  /** Puts a version, in any order of timestamps; null says that the key was deleted at that time. */
  put(key: K, value: V | null, timestamp: number): PutResult
  /** The same as putting null. Returns the version that was valid then; null also when the deletion was dropped. */
  delete(key: K, timestamp: number): VersionedValue<V> | null
}
