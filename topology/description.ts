import type { DescribedGlobalStore, DescribedSubTopology, DescribedTopology } from './described.ts'
import { descriptionMermaid } from './description-mermaid.ts'
import { descriptionText } from './description-text.ts'

/**
 * What a graph is made of: `toString` gives it in Kafka Streams' text form (`TopologyDescription`), `toJSON` as plain data, `toMermaid` as a
 * diagram.
 */
export class TopologyDescription implements DescribedTopology {
  readonly subTopologies: readonly DescribedSubTopology[]
  readonly globalStores: readonly DescribedGlobalStore[]

  constructor(described: DescribedTopology) {
    this.subTopologies = described.subTopologies
    this.globalStores = described.globalStores
  }

  toString(): string {
    return descriptionText(this)
  }

  toJSON(): DescribedTopology {
    const { subTopologies, globalStores } = this
    return { subTopologies, globalStores }
  }

  /** A flowchart in Mermaid: sub-topologies as boxes, stores as cylinders, topics between them. */
  toMermaid(): string {
    return descriptionMermaid(this)
  }
}
