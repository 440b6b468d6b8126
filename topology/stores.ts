import type { Serde } from '../core/serde.ts'
import type {
  KeyValueStoreDefinition,
  SessionStoreDefinition,
  VersionedStoreDefinition,
  WindowStoreDefinition
} from '../state/store-definition.ts'
import { named } from './named.ts'
import { checkedRetention, checkedSpan } from './retention.ts'
import { missingSerde } from './serdes-of.ts'

/** A store for processors. It is not cached unless told so: what they put is logged at once. */
export interface ProcessorStoreOptions<K, V> {
  readonly name: string
  readonly key: Serde<K>
  readonly value: Serde<V>
  /** With a changelog topic. Default true. */
  readonly logged?: boolean
  /** Join the updates of a key between two commits. Default false. */
  readonly cached?: boolean
}

/** The latest value of each key, with its time. */
export function keyValueStore<K, V>(options: ProcessorStoreOptions<K, V>): KeyValueStoreDefinition<K, V> {
  return { ...common(options), kind: 'key-value' }
}

/** Values by key and start of a window. Throws TOPOLOGY_INVALID where the retention is less than the window's size. */
export function windowStore<K, V>(
  options: ProcessorStoreOptions<K, V> & {
    readonly windowSizeMs: number
    readonly retentionMs: number
    readonly retainDuplicates?: boolean
  }
): WindowStoreDefinition<K, V> {
  const store = common(options)
  const windowSizeMs = checkedSpan(`the size of windows in store "${store.name}"`, options.windowSizeMs)
  const least = { ms: windowSizeMs, what: 'the size of its windows' }
  const retentionMs = checkedRetention(store.name, options.retentionMs, least)
  return {
    ...store,
    kind: 'window',
    windowSizeMs,
    retentionMs,
    retainDuplicates: options.retainDuplicates ?? false
  }
}

/** Values by key and session. */
export function sessionStore<K, V>(
  options: ProcessorStoreOptions<K, V> & { readonly retentionMs: number }
): SessionStoreDefinition<K, V> {
  const store = common(options)
  return { ...store, kind: 'session', retentionMs: checkedRetention(store.name, options.retentionMs) }
}

/** Values by key with their past. */
export function versionedKeyValueStore<K, V>(
  options: ProcessorStoreOptions<K, V> & { readonly historyRetentionMs: number }
): VersionedStoreDefinition<K, V> {
  const store = common(options)
  const historyRetentionMs = checkedRetention(store.name, options.historyRetentionMs)
  return { ...store, cached: false, kind: 'versioned', historyRetentionMs }
}

function common<K, V>(options: ProcessorStoreOptions<K, V>) {
  const {
    name,
    key,
    value,
    logged = true,
    cached = false
  } = named(options, 'keyValueStore({ name: "seen", key: string(), value: json(schema) })')
  if (key === undefined) throw missingSerde(`store "${name}"`, 'key')
  if (value === undefined) throw missingSerde(`store "${name}"`, 'value')
  return { name, key, value, logged, cached }
}
