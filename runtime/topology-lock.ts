import { StreamsError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { lockTopology } from '../topology/lock.ts'
import { diffTopologyLocks, needsReset } from '../topology/lock-diff.ts'
import { readTopologyLock } from '../topology/lock-file.ts'
import type { Topology } from '../topology/topology.ts'

/**
 * Compares a graph with the one that its lock file keeps, before anything is touched. Tells the logger what changed. Throws TOPOLOGY_CHANGED if the
 * application's state would not fit, CONFIG_INVALID for a file that is none.
 */
export function checkTopologyLock(topology: Topology, path: string, logger: Logger): void {
  const changes = diffTopologyLocks(readTopologyLock(path), lockTopology(topology))
  if (needsReset(changes)) {
    const lines = changes.filter(({ effect }) => effect === 'reset').map(({ message }) => `\n- ${message}`)
    throw new StreamsError(
      'TOPOLOGY_CHANGED',
      `the state of the application does not fit the graph any more; undo the change, or reset the application and write "${path}" anew:${lines.join('')}`
    )
  }
  for (const { message } of changes) logger.warn(`the graph differs from "${path}": ${message}`)
}
