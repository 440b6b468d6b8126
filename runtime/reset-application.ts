import { rm } from 'node:fs/promises'
import type { Logger } from '../core/logger.ts'
import { partitionName, type TopicPartition } from '../core/record.ts'
import type { Admin } from '../kafka/port/admin.ts'
import type { KafkaClient } from '../kafka/port/client.ts'
import type { GroupOffset } from '../kafka/port/group.ts'
import { tasksOnDisk } from '../state/task-directories.ts'
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

/** What a reset does. */
export interface ResetPlan {
  /** Internal topics that are deleted. */
  readonly topics: readonly string[]
  /** Topics that the graph both writes and reads: their records will be made again, so the positions are put to their ends. */
  readonly passedOver: readonly GroupOffset[]
  /** Folders of local state that are deleted, of those that this machine has. */
  readonly folders: readonly string[]
}

/** What `resetApplication` would do now; changes nothing. Throws BROKER_UNAVAILABLE, TOPIC_MISSING. */
export async function planReset(options: Omit<ResetOptions, 'logger'>): Promise<ResetPlan> {
  const admin = options.kafka.admin(`${options.applicationId}-reset`)
  try {
    return await planOf(options, admin)
  } finally {
    await admin.close()
  }
}

/**
 * Makes an application start over from its sources: its state and its internal topics are deleted, its positions are put to the beginning of
 * what others write. Topics that the graph both writes and reads are passed over to their end, since their records will be made again. Outputs
 * are not deleted: whoever reads them gets new records for what is there already, under the same keys. State on other machines is found to be that of
 * another changelog there, and rebuilt.
 *
 * All its processes must be stopped; throws GROUP_NOT_EMPTY otherwise, having changed nothing. Cut short, it can be run again. After Kafka's
 * `StreamsResetter`.
 */
export async function resetApplication(options: ResetOptions): Promise<ResetPlan> {
  const { applicationId, kafka, logger } = options
  const admin = kafka.admin(`${applicationId}-reset`)
  try {
    const plan = await planOf(options, admin)
    // first, because it is what fails while somebody is at work
    await admin.resetGroup(applicationId, plan.passedOver)
    await admin.deleteTopics(plan.topics)
    for (const folder of plan.folders) await rm(folder, { recursive: true, force: true })
    logger.info(
      `${applicationId} starts over: positions reset, ${plan.topics.length} internal topics and ${plan.folders.length} folders of state deleted`
    )
    return plan
  } finally {
    await admin.close()
  }
}

async function planOf(options: Omit<ResetOptions, 'logger'>, admin: Admin): Promise<ResetPlan> {
  const { topology, applicationId, stateDirectory } = options
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
  const internal = await admin.describeTopics(plan.internalTopics.map(({ name }) => name))
  const tasks = [...plan.tasks.map((task) => task.id), globalTask]
  return {
    topics: [...internal.keys()],
    passedOver: passed.map(({ topic, partition }) => ({
      topic,
      partition,
      offset: ends.get(partitionName(topic, partition)) ?? 0,
      metadata: ''
    })),
    folders: tasksOnDisk(stateDirectory, applicationId, tasks).map((id) =>
      taskDirectory(stateDirectory, applicationId, id)
    )
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
