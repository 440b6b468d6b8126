import type { Serde } from '../core/serde.ts'

interface Common<K, V> {
  readonly name: string
  readonly key: Serde<K>
  readonly value: Serde<V>
  /** With a changelog topic. Without, the content is lost with the disk, and after an unclean close. Default true. */
  readonly logged: boolean
  /** Join the updates of a key between two commits. Default true. */
  readonly cached: boolean
}

export interface KeyValueStoreDefinition<K, V> extends Common<K, V> {
  readonly kind: 'key-value'
}

export interface WindowStoreDefinition<K, V> extends Common<K, V> {
  readonly kind: 'window'
  readonly windowSizeMs: number
  /** How long a window is kept, ms, counted back from the highest window start seen. */
  readonly retentionMs: number
  /** Each put adds an entry, for stream joins; such a store is never cached. Default false. */
  readonly retainDuplicates?: boolean
  /**
   * Windows are read up to the retention back, that one included: with neither grace nor a longer retention a window is just that old
   * when it closes. As Kafka Streams' time-ordered store does, in which the windows that are emitted on close are kept. Default false.
   */
  readonly readsOldest?: boolean
}

export interface SessionStoreDefinition<K, V> extends Common<K, V> {
  readonly kind: 'session'
  /** How long a session is kept, ms, counted back from the highest session end seen. */
  readonly retentionMs: number
}

/** Never cached: each version counts. */
export interface VersionedStoreDefinition<K, V> extends Common<K, V> {
  readonly kind: 'versioned'
  /** How far back, ms from the highest timestamp seen, versions are kept and may still be put. */
  readonly historyRetentionMs: number
}

/** What a store is, before there is one: plain data, part of the topology. */
export type StoreDefinition<K = unknown, V = unknown> =
  | KeyValueStoreDefinition<K, V>
  | WindowStoreDefinition<K, V>
  | SessionStoreDefinition<K, V>
  | VersionedStoreDefinition<K, V>

/** Any store's definition, where its types do not matter. */
export type StoreReference = Pick<StoreDefinition, 'name' | 'kind'>
