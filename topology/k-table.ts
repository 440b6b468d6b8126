import type { Serde } from '../core/serde.ts'
import { toStream } from '../processors/to-stream.ts'
import type { KStream, KTable } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { Compose, GraphNode } from './graph-node.ts'

export class KTableImpl<K, V> implements KTable<K, V> {
  readonly #graph: Graph
  readonly #node: GraphNode
  readonly #serdes: { readonly key: Serde<K>; readonly value: Serde<V> }
  readonly storeName: string

  constructor(graph: Graph, node: GraphNode, storeName: string, serdes: { key: Serde<K>; value: Serde<V> }) {
    this.#graph = graph
    this.#node = node
    this.#serdes = serdes
    this.storeName = storeName
  }

  toStream(): KStream<K, V | null> {
    const node = this.#graph.processor('to-stream', [this.#node], toStream() as unknown as Compose)
    return this.#graph.stream(node, { key: this.#serdes.key, value: this.#serdes.value as Serde<V | null> })
  }
}
