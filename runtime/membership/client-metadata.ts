import { GrowableBytes } from '../../core/bytes.ts'
import { StreamsError } from '../../core/errors.ts'
import type { Serde } from '../../core/serde.ts'
import { partitionForKey } from '../../kafka/batch/murmur2.ts'
import type { Topology } from '../../topology/topology.ts'
import { taskIdOf } from '../task-id.ts'

/** A process that answers queries, and its part of the application by the group's last assignment; Kafka Streams' `StreamsMetadata` (KIP-67). */
export interface ClientMetadata {
  /** Its `applicationServer`: `host:port`. */
  readonly endpoint: string
  /** Tasks that it runs or is to run: `<sub-topology>_<partition>`. */
  readonly active: readonly string[]
  /** Tasks that it keeps a copy of, warm-ups included. */
  readonly standby: readonly string[]
}

/** Where a key's value is; Kafka Streams' `KeyQueryMetadata` (KIP-535). */
export interface KeyQueryMetadata {
  /** `host:port` of the process that has the key; undefined while its task has no owner, or the owner no `applicationServer`. */
  readonly activeHost: string | undefined
  /** Those that have a copy, which may lag behind. */
  readonly standbyHosts: readonly string[]
  /** -1 for a global table, which every process has. */
  readonly partition: number
}

/** One entry for each endpoint: threads of a process are members of their own. Members without an endpoint are left out. */
export function clientsOf(
  members: Iterable<{
    readonly endpoint: string
    readonly active: readonly string[]
    readonly standby: readonly string[]
  }>
): ClientMetadata[] {
  const clients = new Map<string, { endpoint: string; active: string[]; standby: string[] }>()
  for (const { endpoint, active, standby } of members) {
    if (endpoint === '') continue
    const client = clients.get(endpoint) ?? { endpoint, active: [], standby: [] }
    client.active.push(...active)
    client.standby.push(...standby)
    clients.set(endpoint, client)
  }
  return [...clients.values()]
}

interface KeyQuery<K> {
  readonly topology: Topology
  /** Partitions of each sub-topology: as many as it has tasks. */
  readonly partitionsOf: (subTopology: number) => number
  readonly clients: readonly ClientMetadata[]
  /** Of this process. */
  readonly endpoint: string | undefined
  readonly store: string
  readonly key: K
  readonly serde: Serde<K>
}

/** Who has a key of a store, by Kafka's default partitioner, which every record of ours goes by. Throws STORE_UNKNOWN. */
export function findKey<K>(query: KeyQuery<K>): KeyQueryMetadata {
  const { topology, partitionsOf, clients, endpoint, store, key, serde } = query
  if (topology.globalStores.has(store))
    return { activeHost: endpoint ?? clients[0]?.endpoint, standbyHosts: [], partition: -1 }
  const owner = topology.subTopologies.find(({ stores }) => stores.includes(store))
  if (owner === undefined) throw new StreamsError('STORE_UNKNOWN', `the graph has no store "${store}"`)
  const bytes = new GrowableBytes(64)
  const end = serde.encode(key, bytes, 0)
  const partition = partitionForKey(bytes.buffer, 0, end, partitionsOf(owner.id))
  const task = taskIdOf(owner.id, partition)
  return {
    activeHost: clients.find(({ active }) => active.includes(task))?.endpoint,
    standbyHosts: clients.filter(({ standby }) => standby.includes(task)).map((client) => client.endpoint),
    partition
  }
}
