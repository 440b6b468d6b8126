import type { Serde } from '../core/serde.ts'
import type { OldValues } from '../processors/operator.ts'
import { passThrough } from '../processors/pass-through.ts'
import { storeView } from '../processors/table-view.ts'
import type { KTable } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { Compose, GraphNode } from './graph-node.ts'
import type { StoreOptions } from './options.ts'
import { tellsWhenAsked } from './table-parts.ts'

/** A step that writes a store, and the one before it. */
export interface StoreStep {
  readonly parent: GraphNode
  /** Composes it; see `Compose`. */
  readonly step: unknown
}

/** Declares the steps that fill one store. Returns the one out of which its table comes: several meet in a merge. */
export function fillStore(
  graph: Graph,
  operator: string,
  store: string,
  steps: readonly StoreStep[]
): GraphNode {
  const nodes = steps.map(({ parent, step }) =>
    graph.processor(operator, [parent], step as Compose, { emits: 'table', stores: [store], anchor: store })
  )
  const [only, second] = nodes
  if (only !== undefined && second === undefined) return only
  return graph.processor('merge', nodes, passThrough() as unknown as Compose, {
    emits: 'table',
    anchor: store
  })
}

/** Declares a store of the latest value of each key, the steps that fill it, and its table. */
export function storedTable<K, V>(
  graph: Graph,
  operator: string,
  options: StoreOptions,
  serdes: { readonly key: Serde<K>; readonly value: Serde<V> },
  stepsOf: (oldValues: OldValues) => readonly StoreStep[]
): KTable<K, V> {
  const { name } = options
  const { key, value } = serdes
  const oldValues = { wanted: false }
  graph.keyValueStore(options, key, value)
  return graph.table({
    node: fillStore(graph, operator, name, stepsOf(oldValues)),
    key,
    value,
    storeName: name,
    view: storeView(name),
    sendOldValues: tellsWhenAsked(oldValues),
    versioned: false,
    graceMs: undefined
  })
}
