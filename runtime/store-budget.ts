import { UncommittedBudget } from '../state/buffer/callback-limit.ts'
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
  const stores = storeCount(plan, topology)
  const budget = divideBudget(stateMemoryBytes, stores)
  return cacheMaxBytes > 0 ? { ...budget, bufferBytes: Math.floor(cacheMaxBytes / stores) } : budget
}

/** What the stores of one thread may keep uncommitted together: the thread's part of all their write buffers. */
export function uncommittedBudget(config: ResolvedConfig, plan: Plan, topology: Topology): UncommittedBudget {
  const { bufferBytes } = storeBudget(config, plan, topology)
  const all = Math.max(config.cacheMaxBytes, bufferBytes * storeCount(plan, topology))
  return new UncommittedBudget(Math.floor(all / Math.max(1, config.threads)))
}

function storeCount(plan: Plan, topology: Topology): number {
  const ofTasks = plan.tasks.reduce((sum, task) => sum + task.subTopology.stores.length, 0)
  return Math.max(1, ofTasks + topology.globalStores.size)
}
