import { StreamsError } from '../core/errors.ts'
import type { Serde } from '../core/serde.ts'
import type { Topic } from '../core/topic.ts'
import type { StoreDefinition } from '../state/store-definition.ts'
import type { KStream, KTable } from './dsl.ts'
import type {
  Compose,
  GraphNode,
  ProcessorNode,
  RepartitionNode,
  SourceNode,
  TimestampExtractor
} from './graph-node.ts'
import type { StoreOptions } from './options.ts'
import type { TableParts } from './table-parts.ts'

/** How a stream's keys and values are written, as far as it is known: from the topic on, until a step changes the type. */
export interface StreamSerdes<K, V> {
  readonly key: Serde<K> | undefined
  readonly value: Serde<V> | undefined
}

/** Makes what users hold. Handed in, because tables turn into streams and streams into tables. */
export interface Handles {
  stream<K, V>(graph: Graph, node: GraphNode, serdes: StreamSerdes<K, V>, rekeyed: boolean): KStream<K, V>
  table<K, V>(graph: Graph, parts: TableParts<K, V>): KTable<K, V>
}

/** What a processor node may have beside its step. */
export interface ProcessorOptions {
  readonly emits?: 'stream' | 'table'
  readonly stores?: readonly string[]
  /** What other steps call it. Default: the operator's name and the node's number. */
  readonly name?: string
  /** The same list as `stores`, for a step that is told of its stores later. */
  readonly sharedStores?: string[]
}

/** A store that every process fills from all partitions of a topic. */
export interface GlobalStore {
  readonly name: string
  readonly topic: Topic<unknown, unknown>
}

/** The graph while it is being declared. Every step that keeps state or makes a topic has a name of its own. */
export class Graph {
  readonly nodes: GraphNode[] = []
  readonly stores = new Map<string, StoreDefinition>()
  readonly globalStores = new Map<string, GlobalStore>()
  readonly #names = new Set<string>()
  readonly #handles: Handles

  constructor(handles: Handles) {
    this.#handles = handles
  }

  stream<K, V>(node: GraphNode, serdes: StreamSerdes<K, V>, rekeyed = false): KStream<K, V> {
    return this.#handles.stream(this, node, serdes, rekeyed)
  }

  table<K, V>(parts: TableParts<K, V>): KTable<K, V> {
    return this.#handles.table(this, parts)
  }

  /** A topic read by several parts of the graph is one source. */
  source(
    topic: Topic<unknown, unknown>,
    options: {
      readonly name?: string
      readonly timestampExtractor?: TimestampExtractor<unknown, unknown>
    } = {}
  ): SourceNode {
    const { timestampExtractor } = options
    const known = this.nodes.find((node) => node.kind === 'source' && node.topic.name === topic.name)
    if (known?.kind === 'source') {
      if (known.topic === topic && known.timestampExtractor === timestampExtractor) return known
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        `topic "${topic.name}" is declared twice; share one declaration and one timestamp extractor`
      )
    }
    return this.#add({
      kind: 'source',
      id: this.nodes.length,
      name: options.name ?? topic.name,
      parents: [],
      topic,
      timestampExtractor
    })
  }

  processor(
    operator: string,
    parents: readonly GraphNode[],
    compose: Compose,
    options: ProcessorOptions = {}
  ): ProcessorNode {
    const id = this.nodes.length
    return this.#add({
      kind: 'processor',
      id,
      name: options.name ?? `${operator}-${id}`,
      parents,
      compose,
      emits: options.emits ?? 'stream',
      stores: options.sharedStores ?? [...(options.stores ?? [])]
    })
  }

  repartition(
    parents: readonly GraphNode[],
    node: Pick<RepartitionNode, 'repartition' | 'key' | 'value' | 'partitions'> &
      Partial<Pick<RepartitionNode, 'topicName' | 'partitionsOf'>>
  ): RepartitionNode {
    const topicName = node.topicName ?? `${node.repartition}-repartition`
    this.claimName(node.repartition, 'repartition step', 'repartition')
    return this.#add({
      ...node,
      kind: 'repartition',
      id: this.nodes.length,
      name: topicName,
      topicName,
      partitionsOf: node.partitionsOf,
      parents
    })
  }

  sink(parents: readonly GraphNode[], topic: Topic<unknown, unknown>, name = `to-${topic.name}`): void {
    this.#add({ kind: 'sink', id: this.nodes.length, name, parents, topic })
  }

  store(definition: StoreDefinition): void {
    this.claimName(definition.name, 'store', 'store')
    this.stores.set(definition.name, definition)
  }

  /** A store that every process fills from all partitions of a topic; it is its own changelog. */
  globalStore(topic: Topic<unknown, unknown>, name: string): void {
    this.claimName(name, 'store', 'store')
    this.globalStores.set(name, { topic, name })
  }

  /** Lets a processor use a store. */
  connectStore(node: GraphNode, store: string): void {
    if (node.kind !== 'processor')
      throw new StreamsError('TOPOLOGY_INVALID', `"${node.name}" is no processor and has no use for a store`)
    ;(node.stores as string[]).push(store)
  }

  /** A store of the latest value of each key. */
  keyValueStore<K, V>(options: StoreOptions, key: Serde<K>, value: Serde<V>): void {
    this.store({
      kind: 'key-value',
      name: options.name,
      key: key as Serde<unknown>,
      value: value as Serde<unknown>,
      logged: options.logged ?? true,
      cached: options.cached ?? true
    })
  }

  /** Names become topics and folders, so they keep to the characters of topic names and are used once for each kind. */
  claimName(name: string, what: string, kind: 'store' | 'repartition'): void {
    if (!/^[a-zA-Z0-9._-]{1,200}$/.test(name))
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        `"${name}" cannot name a ${what}: use 1 to 200 letters, digits, dots, underscores and hyphens`
      )
    const claimed = `${kind} ${name}`
    if (this.#names.has(claimed))
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        `the name "${name}" is used twice; give the ${what} another one`
      )
    this.#names.add(claimed)
  }

  #add<N extends GraphNode>(node: N): N {
    this.nodes.push(node)
    return node
  }
}
