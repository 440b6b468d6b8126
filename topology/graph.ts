import { StreamsError } from '../core/errors.ts'
import type { Serde } from '../core/serde.ts'
import type { Topic } from '../core/topic.ts'
import type { StoreDefinition } from '../state/store-definition.ts'
import type { KStream } from './dsl.ts'
import type { Compose, GraphNode, RepartitionNode, SourceNode } from './graph-node.ts'

/** How a stream's keys and values are written, as far as it is known: from the topic on, until a step changes the type. */
export interface StreamSerdes<K, V> {
  readonly key: Serde<K> | undefined
  readonly value: Serde<V> | undefined
}

/** Makes the stream that comes out of a node. Handed in, because tables turn into streams and streams into tables. */
export type MakeStream = <K, V>(graph: Graph, node: GraphNode, serdes: StreamSerdes<K, V>) => KStream<K, V>

/** The graph while it is being declared. Every step that keeps state or makes a topic has a name of its own. */
export class Graph {
  readonly nodes: GraphNode[] = []
  readonly stores = new Map<string, StoreDefinition>()
  readonly #names = new Set<string>()
  readonly #makeStream: MakeStream

  constructor(makeStream: MakeStream) {
    this.#makeStream = makeStream
  }

  stream<K, V>(node: GraphNode, serdes: StreamSerdes<K, V>): KStream<K, V> {
    return this.#makeStream(this, node, serdes)
  }

  /** A topic read by several parts of the graph is one source. */
  source(topic: Topic<unknown, unknown>): SourceNode {
    const known = this.nodes.find((node) => node.kind === 'source' && node.topic.name === topic.name)
    if (known?.kind === 'source') {
      if (known.topic === topic) return known
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        `topic "${topic.name}" is declared twice; share one declaration`
      )
    }
    return this.#add({ kind: 'source', id: this.nodes.length, name: topic.name, parents: [], topic })
  }

  processor(
    operator: string,
    parents: readonly GraphNode[],
    compose: Compose,
    options: { readonly emits?: 'stream' | 'table'; readonly stores?: readonly string[] } = {}
  ): GraphNode {
    const id = this.nodes.length
    return this.#add({
      kind: 'processor',
      id,
      name: `${operator}-${id}`,
      parents,
      compose,
      emits: options.emits ?? 'stream',
      stores: options.stores ?? []
    })
  }

  repartition(
    parent: GraphNode,
    node: Pick<RepartitionNode, 'repartition' | 'key' | 'value' | 'partitions'>
  ): RepartitionNode {
    this.claimName(node.repartition, 'repartition step')
    return this.#add({
      ...node,
      kind: 'repartition',
      id: this.nodes.length,
      name: `${node.repartition}-repartition`,
      parents: [parent]
    })
  }

  sink(parent: GraphNode, topic: Topic<unknown, unknown>): void {
    this.#add({ kind: 'sink', id: this.nodes.length, name: `to-${topic.name}`, parents: [parent], topic })
  }

  store(definition: StoreDefinition): void {
    this.claimName(definition.name, 'store')
    this.stores.set(definition.name, definition)
  }

  /** Names become topics and folders, so they keep to the characters of topic names and are used once. */
  claimName(name: string, what: string): void {
    if (!/^[a-zA-Z0-9._-]{1,200}$/.test(name))
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        `"${name}" cannot name a ${what}: use 1 to 200 letters, digits, dots, underscores and hyphens`
      )
    if (this.#names.has(name))
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        `the name "${name}" is used twice; give the ${what} another one`
      )
    this.#names.add(name)
  }

  #add<N extends GraphNode>(node: N): N {
    this.nodes.push(node)
    return node
  }
}
