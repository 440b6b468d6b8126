import { rm } from 'node:fs/promises'
import type { Logger } from '../core/logger.ts'
import { partitionName, type TopicPartition } from '../core/record.ts'
import type { Admin } from '../kafka/port/admin.ts'
import type { KafkaClient } from '../kafka/port/client.ts'
import { globalTask, taskDirectory } from '../state/task-directory.ts'
import type { Topology } from '../topology/topology.ts'
import { Plan } from './task-plan.ts'

export interface ResetOptions {
  readonly topology: Topology
  readonly applicationId: string
  readonly kafka: KafkaClient
  readonly stateDirectory: string
  readonly logger: Logger
}

/**
 * Makes an application start over from its sources: its state and its internal topics are deleted, its positions are put to the beginning of
 * what others write. Topics that the graph both writes and reads are passed over to their end, since their records will be made again. Outputs
 * are not deleted: whoever reads them gets new records for what is there already, under the same keys.
 *
 * All its processes must be stopped; throws GROUP_NOT_EMPTY otherwise, having changed nothing. After Kafka's `StreamsResetter`.
 */
export async function resetApplication(options: ResetOptions): Promise<void> {
  const { topology, applicationId, kafka, stateDirectory, logger } = options
  const admin = kafka.admin(`${applicationId}-reset`)
  try {
    const external = topology.externalTopics().map(({ name }) => name)
    const described = await admin.describeTopics(external)
    const plan = new Plan(topology, applicationId, (topic) => described.get(topic)?.partitions)
    const written = new Set(topology.sinks().map(({ topic }) => topic.name))
    const sources = topology.sources().map(({ topic }) => topic.name)
    const passed = partitionsOf(
      sources.filter((name) => written.has(name)),
      described
    )
    const ends = await endsOf(admin, passed)
    // first, because it is what fails while somebody is at work
    await admin.resetGroup(
      applicationId,
      passed.map(({ topic, partition }) => ({
        topic,
        partition,
        offset: ends.get(partitionName(topic, partition)) ?? 0,
        metadata: ''
      }))
    )
    const internal = await admin.describeTopics(plan.internalTopics.map(({ name }) => name))
    await admin.deleteTopics([...internal.keys()])
    for (const id of [...plan.tasks.map((task) => task.id), globalTask])
      await rm(taskDirectory(stateDirectory, applicationId, id), { recursive: true, force: true })
    logger.info(
      `${applicationId} starts over: positions reset, ${internal.size} internal topics and the state of ${plan.tasks.length} tasks deleted`
    )
  } finally {
    await admin.close()
  }
}

function partitionsOf(
  topics: readonly string[],
  described: ReadonlyMap<string, { readonly partitions: number }>
): TopicPartition[] {
  return topics.flatMap((topic) =>
    Array.from({ length: described.get(topic)?.partitions ?? 0 }, (_, partition) => ({ topic, partition }))
  )
}

async function endsOf(
  admin: Admin,
  partitions: readonly TopicPartition[]
): Promise<ReadonlyMap<string, number>> {
  return partitions.length === 0 ? new Map() : await admin.listOffsets(partitions, 'latest')
}
