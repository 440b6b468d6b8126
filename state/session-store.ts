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
 * Values by key and session. A session expires when the highest end seen is the retention, or more, after its own end; reads leave it out
 * then, but for `findSessionsInTimeOrder`. After Kafka Streams' `SessionStore`.
 */
export interface ReadOnlySessionStore<K, V> {
  readonly name: string
  fetchSession(key: K, start: number, end: number): V | null
  /** Sessions of one key with end >= earliestEnd and start <= latestStart, by end, then start. */
  findSessions(key: K, earliestEnd: number, latestStart: number): IterableIterator<SessionEntry<K, V>>
  /** The same, the latest first. */
  reverseFindSessions(key: K, earliestEnd: number, latestStart: number): IterableIterator<SessionEntry<K, V>>
  /**
   * Sessions of all keys with earliestEnd <= end <= latestEnd, by end, then start, then key bytes. Expired ones are among them while
   * their segment is kept, so that sessions are emitted which one jump of stream time both closes and expires: segments span
   * half of the retention, at least a minute, from 0 on, and the oldest kept is that of the highest end seen minus the retention. That is exact,
   * whenever the rows are really deleted, and what Kafka Streams' time-ordered store (`RocksDBTimeOrderedSessionStore`) finds.
   */
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
