import type { Engine } from './engine.ts'
import type { StateStore } from './state-store.ts'
import type {
  KeyValueStoreDefinition,
  SessionStoreDefinition,
  StoreDefinition,
  VersionedStoreDefinition,
  WindowStoreDefinition
} from './store-definition.ts'
import { BufferedKeyValueStore } from './stores/key-value.ts'
import { BufferedSessionStore } from './stores/session.ts'
import type { StoreOptions } from './stores/store-options.ts'
import { EngineVersionedStore } from './stores/versioned.ts'
import { BufferedWindowStore } from './stores/window.ts'

/**
 * Makes the store that a definition describes over an engine that is the store's from now on. Throws STORE_CORRUPT when the
 * engine's content is not of this format or was written by an engine of another kind.
 */
export function openStore<K, V>(
  definition: KeyValueStoreDefinition<K, V>,
  engine: Engine,
  options: StoreOptions
): BufferedKeyValueStore<K, V>
export function openStore<K, V>(
  definition: WindowStoreDefinition<K, V>,
  engine: Engine,
  options: StoreOptions
): BufferedWindowStore<K, V>
export function openStore<K, V>(
  definition: SessionStoreDefinition<K, V>,
  engine: Engine,
  options: StoreOptions
): BufferedSessionStore<K, V>
export function openStore<K, V>(
  definition: VersionedStoreDefinition<K, V>,
  engine: Engine,
  options: StoreOptions
): EngineVersionedStore<K, V>
export function openStore(definition: StoreDefinition, engine: Engine, options: StoreOptions): StateStore
export function openStore(definition: StoreDefinition, engine: Engine, options: StoreOptions): StateStore {
  switch (definition.kind) {
    case 'key-value':
      return new BufferedKeyValueStore(definition, engine, options)
    case 'window':
      return new BufferedWindowStore(definition, engine, options)
    case 'session':
      return new BufferedSessionStore(definition, engine, options)
    case 'versioned':
      return new EngineVersionedStore(definition, engine, options)
  }
}
