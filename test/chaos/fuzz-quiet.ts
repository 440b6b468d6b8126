import { setTimeout as sleep } from 'node:timers/promises'
import { groupLags, type ReadingGroup } from '../../bin/group-lag.ts'
import { sinkGroup } from '../../bin/retail-app.ts'
import { retailSinks } from '../../bin/retail-sinks.ts'
import type { KafkaClient } from '../../index.ts'
import { Plan } from '../../runtime/task-plan.ts'
import { retailTopology } from '../../topology/retail/index.ts'
import { fileEvents } from '../../topology/retail/topics.ts'
import type { ChaosContext } from './case.ts'
import type { FuzzQueue } from './fuzz-events.ts'
import type { FuzzProcess } from './fuzz-process.ts'

const quietTimeoutMs = 900_000
/** Scans come each 5 s, and what is held back is told some seconds after all else. */
const calmSeconds = 12

/** Nothing is left to do, for some seconds on end. Throws when that takes too long, or the process is gone. */
export async function untilQuiet(
  context: ChaosContext,
  kafka: KafkaClient,
  target: FuzzProcess,
  queue: FuzzQueue
): Promise<void> {
  const end = performance.now() + quietTimeoutMs
  const admin = kafka.admin('fuzz-quiet')
  try {
    const topology = retailTopology()
    const described = await admin.describeTopics(topology.externalTopics().map(({ name }) => name))
    const plan = new Plan(topology, 'retail', (name) => described.get(name)?.partitions)
    const groups: readonly ReadingGroup[] = [
      { groupId: 'retail', topics: plan.inputTopics() },
      { groupId: 'retail-ingest', topics: [fileEvents.name] },
      ...retailSinks.map(({ name, topics }) => ({
        groupId: sinkGroup(name),
        topics: topics.map((one) => one.name)
      }))
    ]
    let before = ''
    for (let calm = 0; calm < calmSeconds; ) {
      // a scan is a change, too: what was announced stands in the total
      const lags = await groupLags(admin, groups)
      const left = lags.reduce((sum, { lag }) => sum + lag, 0)
      const messages = await queue.left()
      const files = await target.filesWaiting()
      const standing = `${left} records, ${messages} messages and ${files} files to go`
      const state = `${standing}, ${lags.reduce((sum, { total }) => sum + total, 0)} in all`
      if (state !== before) context.watchdog.touch(standing)
      calm = left + messages + files === 0 && state === before ? calm + 1 : 0
      before = state
      context.bars.update('quiet', calm, calmSeconds, standing)
      if (target.faults.some((fault) => fault.includes('ended'))) return
      if (performance.now() > end) throw new Error(`not everything arrived: ${standing}`)
      await sleep(1_000)
    }
  } finally {
    await admin.close()
  }
}
