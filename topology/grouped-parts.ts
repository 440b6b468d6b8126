import type { Serde } from '../core/serde.ts'
import type { KGroupedStream } from './dsl.ts'
import type { GraphNode } from './graph-node.ts'
import type { Side } from './options.ts'

/** What the graph knows of a grouped stream while it is being declared. */
export interface GroupedParts<K, V> {
  readonly node: GraphNode
  readonly key: Serde<K>
  readonly value: Serde<V> | undefined
}

export function groupedPartsOf<K, V, Unknown extends Side>(
  grouped: KGroupedStream<K, V, Unknown>
): GroupedParts<K, V> {
  return (grouped as KGroupedStream<K, V, Unknown> & { readonly parts: GroupedParts<K, V> }).parts
}
