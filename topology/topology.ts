import { StreamsError } from '../core/errors.ts'
import type { Topic } from '../core/topic.ts'
import type { StoreDefinition } from '../state/store-definition.ts'
import type { Graph } from './graph.ts'
import type { GraphNode, RepartitionNode, SinkNode, SourceNode } from './graph-node.ts'
import { type SubTopology, splitIntoSubTopologies } from './sub-topology.ts'

/** A finished graph: its steps, stores and sub-topologies. Plain data; it can be run many times over. */
export class Topology {
  readonly nodes: readonly GraphNode[]
  readonly stores: ReadonlyMap<string, StoreDefinition>
  readonly subTopologies: readonly SubTopology[]

  constructor(graph: Graph) {
    this.nodes = [...graph.nodes]
    this.stores = new Map(graph.stores)
    if (!this.nodes.some((node) => node.kind === 'source'))
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        'the graph reads no topic: begin with builder.stream(topic) or builder.table(topic)'
      )
    this.subTopologies = splitIntoSubTopologies(this.nodes)
  }

  /** Topics that it reads and writes and that are not its own, each once. */
  externalTopics(): readonly Topic<unknown, unknown>[] {
    const topics = new Map<string, Topic<unknown, unknown>>()
    for (const node of this.nodes)
      if (node.kind === 'source' || node.kind === 'sink') topics.set(node.topic.name, node.topic)
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
}
