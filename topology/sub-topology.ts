import type { GraphNode, RepartitionNode, SourceNode } from './graph-node.ts'

/**
 * A part of the graph whose steps hand records to each other directly or share a store: one task per partition runs it. Parts
 * are separated by repartition topics. A repartition node is in two of them: it ends one and starts another.
 */
export interface SubTopology {
  /** Its number; task ids are `<number>_<partition>`, as in Kafka Streams. */
  readonly id: number
  /** In order of declaration. */
  readonly nodes: readonly GraphNode[]
  /** Where records come in. */
  readonly inputs: readonly (SourceNode | RepartitionNode)[]
  readonly stores: readonly string[]
}

export function splitIntoSubTopologies(nodes: readonly GraphNode[]): readonly SubTopology[] {
  const groups = new DisjointSets(nodes.length)
  const storeOwner = new Map<string, number>()
  for (const node of nodes) {
    // a repartition node belongs to those that read it; its parents are on the other side of the topic
    if (node.kind !== 'repartition') for (const parent of node.parents) groups.join(parent.id, node.id)
    if (node.kind !== 'processor') continue
    for (const store of node.stores) {
      const owner = storeOwner.get(store)
      if (owner === undefined) storeOwner.set(store, node.id)
      else groups.join(owner, node.id)
    }
  }
  const members = new Map<number, GraphNode[]>()
  for (const node of nodes) {
    const group = groups.find(node.id)
    const list = members.get(group)
    if (list === undefined) members.set(group, [node])
    else list.push(node)
  }
  return [...members.values()].map((list, id) => ({
    id,
    nodes: list,
    inputs: list.filter((node) => node.kind === 'source' || node.kind === 'repartition'),
    stores: [...new Set(list.flatMap((node) => (node.kind === 'processor' ? node.stores : [])))]
  }))
}

class DisjointSets {
  readonly #parent: number[]

  constructor(size: number) {
    this.#parent = Array.from({ length: size }, (_, index) => index)
  }

  find(member: number): number {
    let root = member
    while (this.#parent[root] !== root) root = this.#parent[root] as number
    return root
  }

  join(a: number, b: number): void {
    const [first, second] = [this.find(a), this.find(b)]
    // the smaller id leads, so that sub-topologies are numbered in order of declaration
    if (first < second) this.#parent[second] = first
    else this.#parent[first] = second
  }
}
