import { StreamsError } from '../core/errors.ts'
import type { Serde } from '../core/serde.ts'
import type { OldValues } from '../processors/operator.ts'
import type { TableView } from '../processors/table-view.ts'
import type { StoreDefinition } from '../state/store-definition.ts'
import type { KTable } from './dsl.ts'
import type { GraphNode } from './graph-node.ts'

/** What the graph knows of a table while it is being declared. */
export interface TableParts<K, V> {
  readonly node: GraphNode
  readonly key: Serde<K> | undefined
  readonly value: Serde<V> | undefined
  /** The store that holds the table itself; undefined for one that is worked out from another. */
  readonly storeName: string | undefined
  /** How its rows are looked up; undefined for a table of a topic that keeps no store. */
  readonly view: TableView<K, V> | undefined
  /** Makes the table tell its old values, if it can. Returns whether it does. */
  readonly sendOldValues: () => boolean
  /** It keeps its past, so changes may come that are not its latest. */
  readonly versioned: boolean
  /** Of a windowed table: how long after its end a window is still open, ms. */
  readonly graceMs: number | undefined
}

/** A table as its maker left it: what the steps after it build upon. */
export interface TableWithParts<K, V> extends KTable<K, V> {
  readonly parts: TableParts<K, V>
  readonly storeDefinition: StoreDefinition | undefined
}

export function partsOf<K, V>(table: KTable<K, V>): TableParts<K, V> {
  return (table as TableWithParts<K, V>).parts
}

/** The table's rows, for a step that must look them up. Throws TOPOLOGY_INVALID with the line to add. */
export function viewOf<K, V>(parts: TableParts<K, V>, step: string): TableView<K, V> {
  if (parts.view === undefined) throw withoutStore(parts.node.name, step)
  return parts.view
}

/** Makes the table tell its old values. Throws TOPOLOGY_INVALID where there is no store to know them. */
export function needOldValues<K, V>(parts: TableParts<K, V>, step: string): void {
  if (!parts.sendOldValues()) throw withoutStore(parts.node.name, step)
}

function withoutStore(table: string, step: string): StreamsError {
  return new StreamsError(
    'TOPOLOGY_INVALID',
    `${step} needs the rows of table "${table}", which keeps none: give it a store, e.g. builder.table(topic, { name: "rows" })`
  )
}

/** A switch that can always be turned on. */
export function tellsWhenAsked(oldValues: OldValues): () => boolean {
  return () => {
    oldValues.wanted = true
    return true
  }
}
