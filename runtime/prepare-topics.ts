import { StreamsError } from '../core/errors.ts'
import { bytes } from '../core/serdes/bytes.ts'
import { type Topic, topic } from '../core/topic.ts'
import type { Admin, NewTopic, TopicDescription } from '../kafka/port/admin.ts'
import type { Topology } from '../topology/topology.ts'
import type { ResolvedConfig } from './config.ts'
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
  const external = topology.externalTopics()
  await admin.createTopics(external.map(newTopic))
  if (writesDeadLetters(config)) await admin.createTopics([newTopic(deadLettersOf(config))])
  const described = await admin.describeTopics(external.map(({ name }) => name))
  const plan = new Plan(topology, config.applicationId, (name) => described.get(name)?.partitions)
  await admin.createTopics(plan.internalTopics)
  const names = plan.internalTopics.map(({ name }) => name)
  const internal = await admin.describeTopics(names)
  for (const { name, partitions } of plan.internalTopics) {
    const found = internal.get(name)?.partitions
    if (found !== partitions)
      throw new StreamsError(
        'TOPIC_MISMATCH',
        `internal topic "${name}" has ${found} partitions but the graph needs ${partitions}; delete it and its application's state, or restore the former partition counts`
      )
  }
  const deleteRetentionMs = new Map<string, number>()
  for (const [name, settings] of await admin.topicConfigs([...names, ...plan.sourceChangelogs]))
    deleteRetentionMs.set(name, tombstoneRetentionMs(settings))
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
