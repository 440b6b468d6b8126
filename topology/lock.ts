import type { StoreDefinition } from '../state/store-definition.ts'
import { changelogName } from './changelog-name.ts'
import type { GlobalStore } from './graph.ts'
import type { GraphNode } from './graph-node.ts'
import { type LockedSerde, lockSerde } from './lock-schema.ts'
import type { SubTopology } from './sub-topology.ts'

/** A store as its topics and folders depend on it. Durations are ms; those that the kind does not have are absent. */
export interface LockedStore {
  readonly name: string
  readonly kind: StoreDefinition['kind']
  readonly key: LockedSerde
  readonly value: LockedSerde
  /** The topic that it is restored from, its table's source perhaps: without the application's name; null: none. */
  readonly changelog: string | null
  readonly windowSizeMs?: number
  readonly retainDuplicates?: boolean
  readonly retentionMs?: number
  readonly historyRetentionMs?: number
}

export interface LockedSubTopology {
  /** Task ids and state folders begin with it. */
  readonly id: number
  /** The topics of others that it reads. */
  readonly topics: readonly string[]
  readonly stores: readonly LockedStore[]
}

export interface LockedRepartition {
  /** Without the application's name. */
  readonly topic: string
  /** The sub-topologies that write it, and the one that reads it. */
  readonly from: readonly number[]
  readonly to: number
  /** Null: as many as what it is written from or joined with. */
  readonly partitions: number | null
  readonly key: LockedSerde
  readonly value: LockedSerde
}

export interface LockedGlobalStore {
  readonly name: string
  readonly topic: string
}

/**
 * What a running application has on disks and in internal topics because of its graph: kept as a file beside the graph, so that a change
 * that its state does not survive is seen before it is deployed. The application's name is no part of it.
 */
export interface TopologyLock {
  readonly format: 1
  readonly subTopologies: readonly LockedSubTopology[]
  readonly repartitions: readonly LockedRepartition[]
  readonly globalStores: readonly LockedGlobalStore[]
}

/** The lock of a graph. Equal graphs have equal locks: lists are sorted by name. Throws TOPOLOGY_INVALID for a graph that cannot run. */
export function lockTopology(topology: {
  readonly nodes: readonly GraphNode[]
  readonly subTopologies: readonly SubTopology[]
  readonly stores: ReadonlyMap<string, StoreDefinition>
  readonly globalStores: ReadonlyMap<string, GlobalStore>
  readonly sourceChangelogs: ReadonlyMap<string, string>
}): TopologyLock {
  const { subTopologies, sourceChangelogs } = topology
  const holder = (node: GraphNode) => subTopologies.find((part) => part.nodes.includes(node))?.id ?? -1
  return {
    format: 1,
    subTopologies: subTopologies.map((part) => ({
      id: part.id,
      topics: part.nodes.flatMap((node) => (node.kind === 'source' ? [node.topic.name] : [])).sort(),
      stores: [...part.stores].sort().flatMap((name) => {
        const store = topology.stores.get(name)
        return store === undefined ? [] : [lockStore(store, sourceChangelogs)]
      })
    })),
    repartitions: topology.nodes
      .flatMap((node) => (node.kind === 'repartition' ? [node] : []))
      .map((node) => ({
        topic: node.topicName,
        from: [...new Set(node.parents.map(holder))].sort((a, b) => a - b),
        to: holder(node),
        partitions: node.partitions ?? null,
        key: lockSerde(node.key),
        value: lockSerde(node.value)
      }))
      .sort((a, b) => (a.topic < b.topic ? -1 : 1)),
    globalStores: [...topology.globalStores.values()]
      .map(({ name, topic }) => ({ name, topic: topic.name }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}

function lockStore(store: StoreDefinition, sourceChangelogs: ReadonlyMap<string, string>): LockedStore {
  const { name, kind } = store
  return {
    name,
    kind,
    key: lockSerde(store.key),
    value: lockSerde(store.value),
    changelog: changelogName(store, sourceChangelogs),
    ...(kind === 'window'
      ? {
          windowSizeMs: store.windowSizeMs,
          retainDuplicates: store.retainDuplicates ?? false,
          retentionMs: store.retentionMs
        }
      : {}),
    ...(kind === 'session' ? { retentionMs: store.retentionMs } : {}),
    ...(kind === 'versioned' ? { historyRetentionMs: store.historyRetentionMs } : {})
  }
}
