import type { Topology } from '../../index.ts'
import { retailTopology } from '../../topology/retail/index.ts'
import { promotions } from '../examples/promotions.ts'

/** The retail system with one analysis more: running state fits it. */
export function upgradedGraph(): Topology {
  return retailTopology({ analyses: [promotions] })
}
