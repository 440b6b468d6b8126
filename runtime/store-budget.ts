import { divideBudget, type StoreBudget } from '../state/engines/memory-budget.ts'
import type { Topology } from '../topology/topology.ts'
import type { ResolvedConfig } from './config.ts'
import type { Plan } from './task-plan.ts'

/**
 * What each store of the process may use of its memory: an even part for every store there may be here, of all tasks and of global
 * tables. The bound of the write buffers is `cacheMaxBytes`', where that is not 0.
 */
export function storeBudget(config: ResolvedConfig, plan: Plan, topology: Topology): StoreBudget {
  const { cacheMaxBytes, stateMemoryBytes } = config
  const ofTasks = plan.tasks.reduce((sum, task) => sum + task.subTopology.stores.length, 0)
  const stores = Math.max(1, ofTasks + topology.globalStores.size)
  const budget = divideBudget(stateMemoryBytes, stores)
  return cacheMaxBytes > 0 ? { ...budget, bufferBytes: Math.floor(cacheMaxBytes / stores) } : budget
}
