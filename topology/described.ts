import type { StoreDefinition } from '../state/store-definition.ts'

/** Reads topics. Names of internal topics are without the application's, which a graph does not know. */
export interface DescribedSource {
  readonly type: 'source'
  readonly name: string
  readonly topics: readonly string[]
  readonly successors: readonly string[]
}

export interface DescribedProcessor {
  readonly type: 'processor'
  readonly name: string
  readonly stores: readonly string[]
  readonly successors: readonly string[]
  readonly predecessors: readonly string[]
}

export interface DescribedSink {
  readonly type: 'sink'
  readonly name: string
  readonly topic: string
  readonly predecessors: readonly string[]
}

export type DescribedNode = DescribedSource | DescribedProcessor | DescribedSink

export interface DescribedStore {
  readonly name: string
  readonly kind: StoreDefinition['kind']
  /** The topic that it can be filled from again; null for one without. */
  readonly changelog: string | null
}

/** Steps that run together, in one task per partition: `<id>_<partition>`. */
export interface DescribedSubTopology {
  readonly id: number
  /** Those with the most below them first, as Kafka Streams lists them. */
  readonly nodes: readonly DescribedNode[]
  readonly stores: readonly DescribedStore[]
}

/** A store that every process fills from a whole topic; no task runs it. */
export interface DescribedGlobalStore {
  readonly id: number
  readonly source: DescribedSource
  readonly processor: DescribedProcessor
}

/** A graph as plain data. */
export interface DescribedTopology {
  readonly subTopologies: readonly DescribedSubTopology[]
  readonly globalStores: readonly DescribedGlobalStore[]
}
