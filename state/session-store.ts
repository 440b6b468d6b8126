/** A session of a key, from its first record to its last, both included. */
export interface SessionEntry<K, V> {
  readonly key: K
  /** Times of its first and its last record, ms. */
  readonly start: number
  readonly end: number
  readonly value: V
  readonly timestamp: number
}

/**
 * Values by key and session. Sessions whose end is older than the retention, counted back from the highest end seen, are not read any
 * more. After Kafka Streams' `SessionStore`.
 */
export interface ReadOnlySessionStore<K, V> {
  readonly name: string
  fetchSession(key: K, start: number, end: number): V | null
  /** Sessions of one key with end >= earliestEnd and start <= latestStart, by end, then start. */
  findSessions(key: K, earliestEnd: number, latestStart: number): IterableIterator<SessionEntry<K, V>>
  /** The same, the latest first. */
  reverseFindSessions(key: K, earliestEnd: number, latestStart: number): IterableIterator<SessionEntry<K, V>>
  /** Sessions of all keys with earliestEnd <= end <= latestEnd, by end, then start, then key bytes. */
  findSessionsInTimeOrder(earliestEnd: number, latestEnd: number): SessionEntry<K, V>[]
  /** All sessions of a key, by end, then start. */
  fetch(key: K): IterableIterator<SessionEntry<K, V>>
  /** Sessions of the keys with fromKey <= key <= toKey, by key bytes, then end, then start. Null bounds are open. */
  fetchRange(fromKey: K | null, toKey: K | null): IterableIterator<SessionEntry<K, V>>
}

export interface SessionStore<K, V> extends ReadOnlySessionStore<K, V> {
  /** Null deletes. `timestamp` is the event time of the record that changed it, ms. */
  put(key: K, start: number, end: number, value: V | null, timestamp: number): void
  remove(key: K, start: number, end: number, timestamp: number): void
}

/** Called when a change leaves the write buffer. */
export type SessionListener<K, V> = (
  key: K,
  start: number,
  end: number,
  newValue: V | null,
  oldValue: V | null,
  timestamp: number
) => void
