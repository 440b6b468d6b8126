import { StreamsError } from '../core/errors.ts'
import type { RepartitionNode, SourceNode } from '../topology/graph-node.ts'
import type { Topology } from '../topology/topology.ts'

/**
 * How many partitions topics have, or are to have. A repartition topic has as many as the widest topic that reaches it: one of those that the
 * sub-topology which writes it reads, or that reach these in turn. A sub-topology may read what it writes, as after
 * `stream.merge(stream.selectKey(...).repartition(...))`; such a circle adds nothing.
 */
export class PartitionCounts {
  readonly #topology: Topology
  readonly #partitionsOf: (topic: string) => number | undefined
  readonly #known = new Map<RepartitionNode, number>()

  constructor(topology: Topology, partitionsOf: (topic: string) => number | undefined) {
    this.#topology = topology
    this.#partitionsOf = partitionsOf
  }

  /** Throws TOPIC_MISSING. */
  of(node: SourceNode | RepartitionNode): number {
    if (node.kind === 'source') return this.#ofSource(node)
    const known = this.#known.get(node)
    if (known !== undefined) return known
    const partitions = this.#widest(node, new Set())
    this.#known.set(node, partitions)
    return partitions
  }

  #ofSource({ topic }: SourceNode): number {
    const partitions = this.#partitionsOf(topic.name)
    if (partitions === undefined)
      throw new StreamsError('TOPIC_MISSING', `topic "${topic.name}" does not exist`)
    return partitions
  }

  /** @param seen those on the way here, which are counted already */
  #widest(node: SourceNode | RepartitionNode, seen: Set<RepartitionNode>): number {
    if (node.kind === 'source') return this.#ofSource(node)
    if (node.partitions !== undefined) return node.partitions
    if (seen.has(node)) return 1
    seen.add(node)
    return Math.max(1, ...this.#before(node).map((input) => this.#widest(input, seen)))
  }

  /** What it takes its number from. */
  #before({ partitionsOf, parents }: RepartitionNode): readonly (SourceNode | RepartitionNode)[] {
    const { subTopologies } = this.#topology
    if (partitionsOf !== undefined) {
      const reader = subTopologies.find((sub) => sub.nodes.includes(partitionsOf))
      // the topics of such joins follow the tables, never one another
      return (reader?.inputs ?? []).filter(
        (input) => input.kind === 'source' || input.partitionsOf === undefined
      )
    }
    const ids = new Set(parents.map(({ id }) => id))
    return subTopologies.find((sub) => sub.nodes.some(({ id }) => ids.has(id)))?.inputs ?? []
  }
}
