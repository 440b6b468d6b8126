import { createHash } from 'node:crypto'
import type { Topology } from '../../topology/topology.ts'

/**
 * Tells graphs apart whose members cannot share tasks: the sub-topologies, what they read, and their stores. What a step does and how a value
 * is written may differ, so that replicas can be upgraded one after the other.
 */
export function graphFingerprint({ subTopologies }: Topology): string {
  const parts = subTopologies.map(({ id, inputs, stores }) => [
    id,
    inputs.map((node) => (node.kind === 'source' ? node.topic.name : node.topicName)).sort(),
    [...stores].sort()
  ])
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
}
