import { StreamsError } from '../core/errors.ts'
import type { Serde } from '../core/serde.ts'
import type { Topic } from '../core/topic.ts'
import type { StoreDefinition, StoreReference } from '../state/store-definition.ts'
import type { KStream, KTable } from './dsl.ts'
import type {
  Compose,
  GraphNode,
  ProcessorNode,
  RepartitionNode,
  SinkNode,
  SourceNode,
  TimestampExtractor
} from './graph-node.ts'
import type { Optimization, Side, StoreOptions } from './options.ts'
import type { TableParts } from './table-parts.ts'

/** How a stream's keys and values are written, as far as it is known: from the topic on, until a step changes the type. */
export interface StreamSerdes<K, V> {
  readonly key: Serde<K> | undefined
  readonly value: Serde<V> | undefined
}

/** Makes what users hold. Handed in, because tables turn into streams and streams into tables. */
export interface Handles {
  stream<K, V, Unknown extends Side>(
    graph: Graph,
    node: GraphNode,
    serdes: StreamSerdes<K, V>,
    rekeyed: boolean
  ): KStream<K, V, Unknown>
  table<K, V>(graph: Graph, parts: TableParts<K, V>): KTable<K, V>
}

/** What a processor node may have beside its step. */
export interface ProcessorOptions {
  readonly emits?: 'stream' | 'table'
  readonly stores?: readonly string[]
  /** What other steps call it. Default: the anchor and the operator's name. */
  readonly name?: string
  /** After what it and the steps below it are named: a name that its user gave. Default: its first parent's anchor. */
  readonly anchor?: string
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
  readonly #stepNames = new Set<string>()
  readonly #anchors = new Map<GraphNode, string>()
  readonly #handles: Handles
  readonly #optimizations: ReadonlySet<Optimization> | 'all'
  readonly #shared = new Map<GraphNode, RepartitionNode[]>()
  /** By the topics of tables, the stores that may be restored from them. */
  readonly #reusable = new Map<string, string>()

  constructor(handles: Handles, optimizations: readonly Optimization[] | 'all' = []) {
    this.#handles = handles
    this.#optimizations = optimizations === 'all' ? optimizations : new Set(optimizations)
  }

  stream<K, V, Unknown extends Side = never>(
    node: GraphNode,
    serdes: StreamSerdes<K, V>,
    rekeyed = false
  ): KStream<K, V, Unknown> {
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
    const name = options.name ?? topic.name
    const source: SourceNode = {
      kind: 'source',
      id: this.nodes.length,
      name,
      parents: [],
      topic,
      timestampExtractor
    }
    return this.#add(source, name)
  }

  processor(
    operator: string,
    parents: readonly GraphNode[],
    compose: Compose,
    options: ProcessorOptions = {}
  ): ProcessorNode {
    const name = options.name ?? this.freeName(`${this.#anchorOf(parents, options.anchor)}-${operator}`)
    const node: ProcessorNode = {
      kind: 'processor',
      id: this.nodes.length,
      name,
      parents,
      compose,
      emits: options.emits ?? 'stream',
      stores: options.sharedStores ?? [...(options.stores ?? [])]
    }
    return this.#add(node, this.#anchorOf(parents, options.anchor ?? options.name))
  }

  /** A step name that is not taken: `wanted`, or `wanted-2` and so on. It does not depend on steps elsewhere, so it stays as graphs grow. */
  freeName(wanted: string): string {
    let name = wanted
    for (let n = 2; this.#stepNames.has(name); n++) name = `${wanted}-${n}`
    return name
  }

  repartition(
    parents: readonly GraphNode[],
    node: Pick<RepartitionNode, 'repartition' | 'key' | 'value' | 'partitions'> &
      Partial<Pick<RepartitionNode, 'topicName' | 'partitionsOf'>>
  ): RepartitionNode {
    const topicName = node.topicName ?? `${node.repartition}-repartition`
    this.claimName(node.repartition, 'repartition step', 'repartition')
    const made: RepartitionNode = {
      ...node,
      kind: 'repartition',
      id: this.nodes.length,
      name: topicName,
      topicName,
      partitionsOf: node.partitionsOf,
      parents
    }
    return this.#add(made, node.repartition)
  }

  /** A repartition topic of the graph's own accord, for a group or a join: with `merge.repartition.topics` one serves all that would be equal. */
  sharedRepartition(
    step: GraphNode,
    wanted: Pick<RepartitionNode, 'repartition' | 'key' | 'value' | 'partitions'>,
    make: () => RepartitionNode
  ): RepartitionNode {
    if (!this.optimizes('merge.repartition.topics')) return make()
    const { key, value, partitions } = wanted
    const known = this.#shared.get(step) ?? []
    const same = known.find(
      (node) => node.key === key && node.value === value && node.partitions === partitions
    )
    if (same !== undefined) {
      this.claimName(wanted.repartition, 'repartition step', 'repartition')
      return same
    }
    const made = make()
    this.#shared.set(step, [...known, made])
    return made
  }

  sink(
    parents: readonly GraphNode[],
    topic: Topic<unknown, unknown>,
    { name, windowBytes = 0 }: { readonly name?: string; readonly windowBytes?: number | undefined } = {}
  ): SinkNode {
    const sink: SinkNode = {
      kind: 'sink',
      id: this.nodes.length,
      name: name ?? this.freeName(`to-${topic.name}`),
      parents,
      topic,
      windowBytes
    }
    return this.#add(sink, topic.name)
  }

  /** Adds a store. The same definition may come again: each step that uses it may bring it. */
  store(definition: StoreDefinition): void {
    if (this.stores.get(definition.name) === definition) return
    this.claimName(definition.name, 'store', 'store')
    this.stores.set(definition.name, definition)
  }

  /** A store that every process fills from all partitions of a topic; it is its own changelog. */
  globalStore(topic: Topic<unknown, unknown>, name: string): void {
    this.claimName(name, 'store', 'store')
    this.globalStores.set(name, { topic, name })
  }

  /** Adds the stores of a processor where they are not there yet. Returns their names. */
  usedStores(stores: readonly StoreReference[] = []): readonly string[] {
    // the handle leaves out no more than the types
    for (const definition of stores) this.store(definition as StoreDefinition)
    return stores.map(({ name }) => name)
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

  optimizes(optimization: Optimization): boolean {
    return this.#optimizations === 'all' || this.#optimizations.has(optimization)
  }

  /** A store that holds a topic's latest values and nothing else. With `reuse.ktable.source.topics` it is restored from there; the topic's first is. */
  tableStore(store: string, topic: string): void {
    if (this.optimizes('reuse.ktable.source.topics') && !this.#reusable.has(topic))
      this.#reusable.set(topic, store)
  }

  /**
   * By store, the source topics that serve as changelogs. One that the graph writes itself does not: a reset of the application passes over what is in
   * it, and the store must be empty then.
   */
  sourceChangelogs(): ReadonlyMap<string, string> {
    const written = new Set(this.nodes.flatMap((node) => (node.kind === 'sink' ? [node.topic.name] : [])))
    const reused = [...this.#reusable].filter(([topic]) => !written.has(topic))
    return new Map(reused.map(([topic, store]) => [store, topic]))
  }

  /** Names become topics and folders, so they keep to the characters of topic names and are used once for each kind. */
  claimName(name: string, what: string, kind: 'store' | 'repartition'): void {
    if (typeof name !== 'string' || !/^[a-zA-Z0-9._-]{1,200}$/.test(name))
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

  #anchorOf(parents: readonly GraphNode[], own: string | undefined): string {
    const [first] = parents
    return own ?? (first === undefined ? 'graph' : (this.#anchors.get(first) ?? first.name))
  }

  #add<N extends GraphNode>(node: N, anchor: string): N {
    this.nodes.push(node)
    this.#stepNames.add(node.name)
    this.#anchors.set(node, anchor)
    return node
  }
}
