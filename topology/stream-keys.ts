import { StreamsError } from '../core/errors.ts'
import type { Serde } from '../core/serde.ts'
import { keyedOnly } from '../processors/keyed-only.ts'
import { tableSource } from '../processors/table-source.ts'
import type { KTable } from './dsl.ts'
import type { Graph, StreamSerdes } from './graph.ts'
import type { Compose, GraphNode, RepartitionNode } from './graph-node.ts'
import type { GroupedParts } from './grouped-parts.ts'
import { named, withoutName } from './named.ts'
import type { RepartitionOptions, StoreOptions } from './options.ts'
import { missingSerde } from './serdes-of.ts'
import { storedTable } from './store-steps.ts'

/*
 * Steps that rely on equal keys being in one partition: after a step that changed the key they go through a repartition topic first.
 */

/** What the graph knows of a stream while it is being declared. */
export interface StreamParts<K, V> {
  /** The step it comes out of. */
  readonly node: GraphNode
  readonly serdes: StreamSerdes<K, V>
  /** The key was changed since the last topic, so equal keys may be in different partitions. */
  readonly rekeyed: boolean
}

type GivenSerdes<K, V> = { readonly key?: Serde<K> | undefined; readonly value?: Serde<V> | undefined }

/** The serdes of a step that writes keys and values: the ones given to it, else the stream's. Throws TOPOLOGY_INVALID. */
function serdesFor<K, V>(
  serdes: StreamSerdes<K, V>,
  given: GivenSerdes<K, V>,
  step: string
): { key: Serde<K>; value: Serde<V> } {
  const { key = serdes.key, value = serdes.value } = given
  if (key === undefined) throw missingSerde(step, 'key')
  if (value === undefined) throw missingSerde(step, 'value')
  return { key, value }
}

/**
 * Sends the stream through a repartition topic.
 *
 * @param shared nobody asked for a topic but a step needs one: it may be another such step's, too
 */
export function declareRepartition<K, V>(
  graph: Graph,
  stream: StreamParts<K, V>,
  options: RepartitionOptions<K, V>,
  shared: boolean
): { node: RepartitionNode; key: Serde<K>; value: Serde<V> } {
  const { name: repartition, partitions } = named(options, 'repartition({ name: "by-sku", ... })')
  const { key, value } = serdesFor(stream.serdes, options, `repartition "${repartition}"`)
  const wanted = { repartition, key: key as Serde<unknown>, value: value as Serde<unknown>, partitions }
  const make = () => repartitionNode(graph, stream.node, wanted)
  return { node: shared ? graph.sharedRepartition(stream.node, wanted, make) : make(), key, value }
}

function repartitionNode(
  graph: Graph,
  step: GraphNode,
  wanted: Pick<RepartitionNode, 'repartition' | 'key' | 'value' | 'partitions'>
): RepartitionNode {
  const keyed = graph.processor('repartition-filter', [step], keyedOnly() as unknown as Compose, {
    name: graph.freeName(`${wanted.repartition}-repartition-filter`)
  })
  return graph.repartition([keyed], wanted)
}

export function declareGroup<K, V>(
  graph: Graph,
  stream: StreamParts<K, V>,
  options: Partial<RepartitionOptions<K, V>>
): GroupedParts<K, V> {
  const { name } = options
  if (!stream.rekeyed) {
    const { key = stream.serdes.key, value = stream.serdes.value } = options
    if (key === undefined) throw missingSerde('groupByKey', 'key')
    return { node: stream.node, key, value }
  }
  if (name === undefined)
    throw withoutName(
      'groupByKey({ name: "by-sku", key: string() })',
      'the key was changed, so groupByKey needs a repartition topic'
    )
  return declareRepartition(graph, stream, { ...options, name }, true)
}

/** The stream as a side of a join: repartitioned where its key was changed. */
export function declareJoinSide<K, V>(
  graph: Graph,
  stream: StreamParts<K, V>,
  join: string,
  side: 'left' | 'right',
  given: GivenSerdes<K, V>
): { node: GraphNode; key: Serde<K>; value: Serde<V> } {
  const serdes = serdesFor(stream.serdes, given, `join "${join}"`)
  if (!stream.rekeyed) return { node: stream.node, ...serdes }
  return declareRepartition(graph, stream, { ...serdes, name: `${join}-${side}` }, true)
}

export function declareToTable<K, V>(
  graph: Graph,
  stream: StreamParts<K, V>,
  options: StoreOptions & GivenSerdes<K, V>
): KTable<K, V> {
  const { name } = named(options, 'toTable({ name: "latest" })')
  mustHaveItsKey(stream, `table "${name}"`)
  const serdes = serdesFor(stream.serdes, options, `toTable "${name}"`)
  return storedTable(graph, 'to-table', options, serdes, (oldValues) => [
    { parent: stream.node, step: tableSource<K, V>(name, oldValues) }
  ])
}

/** Throws TOPOLOGY_INVALID for a stream whose key was changed. */
export function mustHaveItsKey<K, V>(stream: StreamParts<K, V>, before: string): void {
  if (stream.rekeyed)
    throw new StreamsError(
      'TOPOLOGY_INVALID',
      `the key was changed before ${before}: call repartition({ name, key, value }) first`
    )
}
