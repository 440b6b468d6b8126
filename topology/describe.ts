import type { StoreDefinition } from '../state/store-definition.ts'
import { changelogName } from './changelog-name.ts'
import type {
  DescribedGlobalStore,
  DescribedNode,
  DescribedSubTopology,
  DescribedTopology
} from './described.ts'
import type { GlobalStore } from './graph.ts'
import type { GraphNode, RepartitionNode } from './graph-node.ts'
import type { SubTopology } from './sub-topology.ts'

/** What `describeGraph` needs of a topology. */
export interface DescribableGraph {
  readonly nodes: readonly GraphNode[]
  readonly subTopologies: readonly SubTopology[]
  readonly stores: ReadonlyMap<string, StoreDefinition>
  readonly globalStores: ReadonlyMap<string, GlobalStore>
  readonly sourceChangelogs: ReadonlyMap<string, string>
}

/** A repartition topic ends one sub-topology with a sink and begins another with a source, as in Kafka Streams. */
type Place = { readonly node: GraphNode; readonly end: 'in' | 'out' }

export function describeGraph(graph: DescribableGraph): DescribedTopology {
  const children = new Map<GraphNode, GraphNode[]>(graph.nodes.map((node) => [node, []]))
  for (const node of graph.nodes) for (const parent of node.parents) children.get(parent)?.push(node)
  const { sourceChangelogs } = graph
  const sizes = new Map<GraphNode, number>()
  /** How many steps hang on a step, itself included, within its sub-topology. */
  const sizeOf = ({ node, end }: Place): number => {
    if (end === 'out') return 1
    const known = sizes.get(node)
    if (known !== undefined) return known
    const size = (children.get(node) ?? []).reduce((sum, child) => sum + sizeOf(below(child)), 1)
    sizes.set(node, size)
    return size
  }
  const largestFirst = (a: Place, b: Place): number =>
    sizeOf(b) - sizeOf(a) || (placeName(a) < placeName(b) ? -1 : 1)
  const successors = (node: GraphNode) =>
    (children.get(node) ?? []).map(below).sort(largestFirst).map(placeName)

  const describe = (place: Place, members: ReadonlySet<GraphNode>): DescribedNode => {
    const { node } = place
    const name = placeName(place)
    const predecessors = () =>
      node.parents
        .filter((parent) => members.has(parent))
        .map((parent) => placeName({ node: parent, end: 'in' }))
    if (place.end === 'out') {
      const topic = node.kind === 'sink' ? node.topic.name : (node as RepartitionNode).topicName
      return { type: 'sink', name, topic, predecessors: predecessors() }
    }
    if (node.kind === 'processor')
      return {
        type: 'processor',
        name,
        stores: [...node.stores],
        successors: successors(node),
        predecessors: predecessors()
      }
    const topic = node.kind === 'source' ? node.topic.name : (node as RepartitionNode).topicName
    return { type: 'source', name, topics: [topic], successors: successors(node) }
  }

  const subTopologies = graph.subTopologies.map((part): DescribedSubTopology => {
    const members = new Set(part.nodes)
    const ends = graph.nodes.filter(
      (node) => node.kind === 'repartition' && node.parents.some((parent) => members.has(parent))
    )
    const places = [...part.nodes.map(placeIn), ...ends.map((node): Place => ({ node, end: 'out' }))]
    return {
      id: part.id,
      nodes: places.sort(largestFirst).map((place) => describe(place, members)),
      stores: part.stores.flatMap((name) => {
        const store = graph.stores.get(name)
        if (store === undefined) return []
        return [{ name, kind: store.kind, changelog: changelogName(store, sourceChangelogs) }]
      })
    }
  })
  const globalStores = [...graph.globalStores.values()].map(
    ({ name, topic }, index): DescribedGlobalStore => {
      const [source, processor] = [`${name}-source`, `${name}-table`]
      return {
        id: subTopologies.length + index,
        source: { type: 'source', name: source, topics: [topic.name], successors: [processor] },
        processor: {
          type: 'processor',
          name: processor,
          stores: [name],
          successors: [],
          predecessors: [source]
        }
      }
    }
  )
  return { subTopologies, globalStores }
}

/** A node where it is a member of its sub-topology. */
function placeIn(node: GraphNode): Place {
  return { node, end: node.kind === 'sink' ? 'out' : 'in' }
}

/** A node where it comes after another. */
function below(node: GraphNode): Place {
  return { node, end: node.kind === 'sink' || node.kind === 'repartition' ? 'out' : 'in' }
}

/** What the end of a sub-topology is called that writes to this repartition topic. */
export function repartitionSinkName(node: RepartitionNode): string {
  return placeName({ node, end: 'out' })
}

function placeName({ node, end }: Place): string {
  if (node.kind !== 'repartition') return node.name
  const base = node.topicName.endsWith('-topic') ? node.repartition : node.topicName
  return `${base}-${end === 'in' ? 'source' : 'sink'}`
}
