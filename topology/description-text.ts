import type {
  DescribedGlobalStore,
  DescribedNode,
  DescribedSubTopology,
  DescribedTopology
} from './described.ts'

/** In the form of Kafka Streams' `TopologyDescription#toString`, which tools and people know how to read. */
export function descriptionText({ subTopologies, globalStores }: DescribedTopology): string {
  const parts = [
    ...subTopologies.map((part) => ({ id: part.id, text: subTopologyText(part) })),
    ...globalStores.map((store) => ({ id: store.id, text: globalStoreText(store) }))
  ].sort((a, b) => a.id - b.id)
  return `Topologies:\n ${parts.map(({ text }) => `  ${text}`).join('')}`
}

function subTopologyText({ id, nodes }: DescribedSubTopology): string {
  return `Sub-topology: ${id}\n${nodes.map((node) => `    ${nodeText(node)}\n`).join('')}\n`
}

function globalStoreText({ id, source, processor }: DescribedGlobalStore): string {
  return `Sub-topology: ${id} for global store (will not generate tasks)\n    ${nodeText(source)}\n    ${nodeText(processor)}\n`
}

function nodeText(node: DescribedNode): string {
  switch (node.type) {
    case 'source':
      return `Source: ${node.name} (topics: ${list(node.topics)})\n      --> ${names(node.successors)}`
    case 'processor':
      return `Processor: ${node.name} (stores: ${list(node.stores)})\n      --> ${names(node.successors)}\n      <-- ${names(node.predecessors)}`
    case 'sink':
      return `Sink: ${node.name} (topic: ${node.topic})\n      <-- ${names(node.predecessors)}`
  }
}

function list(members: readonly string[]): string {
  return `[${members.join(', ')}]`
}

function names(nodes: readonly string[]): string {
  return nodes.length === 0 ? 'none' : nodes.join(', ')
}
