import { StreamsError } from '../core/errors.ts'
import type { Windowed } from '../core/windows.ts'
import type {
  KeyValueStoreDefinition,
  SessionStoreDefinition,
  StoreDefinition,
  VersionedStoreDefinition,
  WindowStoreDefinition
} from '../state/store-definition.ts'
import type { KTable } from './dsl.ts'
import type { TableWithParts } from './table-parts.ts'

/**
 * The store of a table, for processors that look into it: name it among their stores and ask their context for it. Throws TOPOLOGY_INVALID for a
 * table that has no store of that kind.
 */
export function storeOf<K, V>(table: KTable<K, V>): KeyValueStoreDefinition<K, V>
export function storeOf<K, V>(table: KTable<K, V>, kind: 'versioned'): VersionedStoreDefinition<K, V>
export function storeOf<K, V>(table: KTable<Windowed<K>, V>, kind: 'window'): WindowStoreDefinition<K, V>
export function storeOf<K, V>(table: KTable<Windowed<K>, V>, kind: 'session'): SessionStoreDefinition<K, V>
export function storeOf(table: unknown, kind: StoreDefinition['kind'] = 'key-value'): unknown {
  const { storeDefinition, parts } = table as TableWithParts<unknown, unknown>
  if (storeDefinition?.kind === kind) return storeDefinition
  throw new StreamsError(
    'TOPOLOGY_INVALID',
    `table "${parts.node.name}" has ${storeDefinition === undefined ? 'no store' : `a ${storeDefinition.kind} store`}, not a ${kind} store`
  )
}
