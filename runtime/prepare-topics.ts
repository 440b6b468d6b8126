import { bytes } from '../core/serdes/bytes.ts'
import { type Topic, topic } from '../core/topic.ts'
import type { Admin, NewTopic, TopicDescription } from '../kafka/port/admin.ts'
import type { Topology } from '../topology/topology.ts'
import type { ResolvedConfig } from './config.ts'
import { checkInternalTopics } from './internal-topics.ts'
import { tombstoneRetentionMs } from './restore/tombstones.ts'
import { writesDeadLetters } from './task/error-handlers.ts'
import { Plan } from './task-plan.ts'

export interface PreparedTopics {
  readonly plan: Plan
  /** All topics of the graph as they are, by name. */
  readonly topics: ReadonlyMap<string, TopicDescription>
  /** Of each topic that stores are restored from, ms. */
  readonly deleteRetentionMs: ReadonlyMap<string, number>
}

/** Makes the topics of an application that are missing, and checks those that are there. Throws TOPIC_MISSING, TOPIC_MISMATCH. */
export async function prepareTopics(
  admin: Admin,
  topology: Topology,
  config: ResolvedConfig
): Promise<PreparedTopics> {
  const { replicationFactor } = config
  const create = (topics: readonly NewTopic[]) =>
    admin.createTopics(
      topics.map((one) => (replicationFactor === -1 ? one : { ...one, replicas: replicationFactor }))
    )
  const external = topology.externalTopics()
  await create(external.map(newTopic))
  if (writesDeadLetters(config)) await create([newTopic(deadLettersOf(config))])
  const described = await admin.describeTopics(external.map(({ name }) => name))
  const plan = new Plan(topology, config.applicationId, (name) => described.get(name)?.partitions)
  await create(plan.internalTopics)
  const names = plan.internalTopics.map(({ name }) => name)
  const internal = await admin.describeTopics(names)
  const configs = await admin.topicConfigs([...names, ...plan.sourceChangelogs])
  checkInternalTopics(plan.internalTopics, internal, configs)
  const deleteRetentionMs = new Map<string, number>()
  for (const [name, settings] of configs) deleteRetentionMs.set(name, tombstoneRetentionMs(settings))
  return { plan, topics: new Map([...described, ...internal]), deleteRetentionMs }
}

/** Not an internal topic: others read it, and a reset of the application leaves it. */
function deadLettersOf({ deadLetterTopic }: ResolvedConfig): Topic<Buffer, Buffer> {
  return topic(deadLetterTopic, { key: bytes(), value: bytes() })
}

function newTopic({ name, partitions, cleanupPolicy, retentionMs }: NamedTopic): NewTopic {
  return {
    name,
    partitions,
    configs: {
      'cleanup.policy': cleanupPolicy,
      'retention.ms': String(retentionMs),
      'message.timestamp.type': 'CreateTime'
    }
  }
}

type NamedTopic = Omit<Topic<unknown, unknown>, 'key' | 'value'>
