import { StreamsError } from '../core/errors.ts'
import type { Topic } from '../core/topic.ts'
import { type Processor, process } from '../processors/process.ts'
import type { StoreDefinition } from '../state/store-definition.ts'
import { describeGraph } from './describe.ts'
import { TopologyDescription } from './description.ts'
import { checkGlobalTopics } from './global-k-table.ts'
import { type GlobalStore, Graph } from './graph.ts'
import type { Compose, GraphNode, RepartitionNode, SinkNode, SourceNode } from './graph-node.ts'
import { type SubTopology, splitIntoSubTopologies } from './sub-topology.ts'

/**
 * A graph: its steps, stores and sub-topologies. It can be run many times over. `StreamsBuilder` makes one from streams and tables;
 * one of single processors is put together here, each step naming those before it.
 */
export class Topology {
  readonly #graph: Graph
  #subTopologies: readonly SubTopology[] | undefined

  constructor(graph: Graph = processorsOnly()) {
    this.#graph = graph
  }

  get nodes(): readonly GraphNode[] {
    return this.#graph.nodes
  }

  get stores(): ReadonlyMap<string, StoreDefinition> {
    return this.#graph.stores
  }

  /** Stores that every process fills from all partitions of their topics. */
  get globalStores(): ReadonlyMap<string, GlobalStore> {
    return this.#graph.globalStores
  }

  /** By store, the topics of others that serve as changelogs: what their tables are read from. */
  get sourceChangelogs(): ReadonlyMap<string, string> {
    return this.#graph.sourceChangelogs()
  }

  /** Throws TOPOLOGY_INVALID for a graph that cannot run. */
  get subTopologies(): readonly SubTopology[] {
    this.#subTopologies ??= splitIntoSubTopologies(this.checked().nodes)
    return this.#subTopologies
  }

  /** Reads a topic. */
  addSource<K, V>(name: string, topic: Topic<K, V>): this {
    this.#claim(name)
    this.#graph.source(topic as unknown as Topic<unknown, unknown>, { name })
    return this
  }

  /** A processor after the steps named. It may use the stores that name it when they are added. */
  addProcessor<KIn, VIn, KOut, VOut>(
    name: string,
    make: () => Processor<KIn, VIn, KOut, VOut>,
    ...parents: string[]
  ): this {
    this.#claim(name)
    const stores: string[] = []
    const step = process(make, stores) as unknown as Compose
    this.#graph.processor('process', this.#parents(name, parents), step, { name, sharedStores: stores })
    return this
  }

  /** Writes what comes from the steps named to a topic, each record to the partition of its whole key, of a window's too (as Kafka's `addSink`). */
  addSink<K, V>(name: string, topic: Topic<K, V>, ...parents: string[]): this {
    this.#claim(name)
    this.#graph.sink(this.#parents(name, parents), topic as unknown as Topic<unknown, unknown>, { name })
    return this
  }

  /** A store for the processors named. */
  addStateStore<K, V>(definition: StoreDefinition<K, V>, ...processors: string[]): this {
    this.#graph.store(definition as StoreDefinition)
    for (const name of processors) this.#graph.connectStore(this.#find(name), definition.name)
    this.#subTopologies = undefined
    return this
  }

  /** What it is made of: as text in Kafka Streams' form, as plain data, as a diagram. Throws TOPOLOGY_INVALID. */
  describe(): TopologyDescription {
    return new TopologyDescription(describeGraph(this))
  }

  /** Throws TOPOLOGY_INVALID where it cannot run. */
  checked(): this {
    if (!this.nodes.some((node) => node.kind === 'source'))
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        'the graph reads no topic: begin with builder.stream(topic) or builder.table(topic)'
      )
    const sources = this.sources().map(({ topic }) => topic.name)
    checkGlobalTopics(sources, this.globalStores.values())
    return this
  }

  /** Topics that it reads and writes and that are not its own, each once. */
  externalTopics(): readonly Topic<unknown, unknown>[] {
    const topics = new Map<string, Topic<unknown, unknown>>()
    for (const node of this.nodes)
      if (node.kind === 'source' || node.kind === 'sink') topics.set(node.topic.name, node.topic)
    for (const { topic } of this.globalStores.values()) topics.set(topic.name, topic)
    return [...topics.values()]
  }

  sources(): readonly SourceNode[] {
    return this.nodes.filter((node) => node.kind === 'source')
  }

  sinks(): readonly SinkNode[] {
    return this.nodes.filter((node) => node.kind === 'sink')
  }

  repartitions(): readonly RepartitionNode[] {
    return this.nodes.filter((node) => node.kind === 'repartition')
  }

  #claim(name: string): void {
    if (this.nodes.some((node) => node.name === name))
      throw new StreamsError('TOPOLOGY_INVALID', `two steps are named "${name}"`)
    this.#subTopologies = undefined
  }

  #parents(name: string, parents: readonly string[]): GraphNode[] {
    if (parents.length === 0)
      throw new StreamsError('TOPOLOGY_INVALID', `"${name}" comes after no step: name the ones before it`)
    return parents.map((parent) => this.#find(parent))
  }

  #find(name: string): GraphNode {
    const node = this.nodes.find((known) => known.name === name)
    if (node === undefined) throw new StreamsError('TOPOLOGY_INVALID', `there is no step "${name}"`)
    return node
  }
}

function processorsOnly(): Graph {
  const none = () => {
    throw new StreamsError('TOPOLOGY_INVALID', 'streams and tables come from a StreamsBuilder')
  }
  return new Graph({ stream: none, table: none })
}
