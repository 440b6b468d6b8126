import type { Admin } from '../kafka/port/admin.ts'
import type { Plan } from './task-plan.ts'

export interface StreamsLag {
  /** Still to be processed and committed. */
  readonly records: number
  /** In the topics in all. */
  readonly total: number
}

/** Records between the committed positions and the ends of all topics that the graph reads, internal ones included. */
export async function applicationLag(admin: Admin, applicationId: string, plan: Plan): Promise<StreamsLag> {
  const inputs = plan.tasks.flatMap((task) => task.inputs)
  // positions first: what they had written by then is below the ends read after them
  const committed = await admin.groupOffsets(applicationId, inputs)
  const [earliest, ends] = await Promise.all([
    admin.listOffsets(inputs, 'earliest'),
    admin.listOffsets(inputs, 'latest')
  ])
  let records = 0
  let total = 0
  for (const [name, end] of ends) {
    const begin = earliest.get(name) ?? 0
    total += end - begin
    records += Math.max(0, end - (committed.get(name) ?? begin))
  }
  return { records, total }
}
