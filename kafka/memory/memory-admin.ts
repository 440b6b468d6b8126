import { StreamsError } from '../../core/errors.ts'
import { partitionName, type TopicPartition } from '../../core/record.ts'
import type { Admin, NewTopic, OffsetSpec, OpenTransaction, TopicDescription } from '../port/admin.ts'
import type { GroupOffset } from '../port/group.ts'
import type { MemoryBroker } from './memory-broker.ts'
import type { MemoryLog } from './memory-log.ts'

export class MemoryAdmin implements Admin {
  readonly #broker: MemoryBroker

  constructor(broker: MemoryBroker) {
    this.#broker = broker
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    for (const { name, partitions, configs } of topics)
      this.#broker.createTopicSync(name, partitions, configs)
  }

  async describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>> {
    const found = new Map<string, TopicDescription>()
    for (const name of names) {
      const topic = this.#broker.findTopic(name)
      if (topic !== undefined) found.set(name, { name, id: topic.id, partitions: topic.logs.length })
    }
    return found
  }

  /** Only what was set: the broker in memory has no defaults. */
  async topicConfigs(
    names: readonly string[]
  ): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
    const found = new Map<string, Readonly<Record<string, string>>>()
    for (const name of names) {
      const topic = this.#broker.findTopic(name)
      if (topic !== undefined) found.set(name, { ...topic.configs })
    }
    return found
  }

  async alterTopicConfigs(name: string, configs: Readonly<Record<string, string>>): Promise<void> {
    Object.assign(this.#broker.topic(name).configs, configs)
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    for (const name of names) this.#broker.deleteTopicSync(name)
  }

  async listOffsets(
    partitions: readonly TopicPartition[],
    at: OffsetSpec
  ): Promise<ReadonlyMap<string, number>> {
    const offsets = new Map<string, number>()
    for (const { topic, partition } of partitions) {
      const log = this.#broker.log(topic, partition)
      offsets.set(partitionName(topic, partition), offsetOf(log, at))
    }
    return offsets
  }

  async deleteRecords(
    before: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[]
  ): Promise<void> {
    for (const { topic, partition, offset } of before) this.#broker.log(topic, partition).deleteBefore(offset)
  }

  async groupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[]
  ): Promise<ReadonlyMap<string, number>> {
    const committed = this.#broker.group(groupId).committed(partitions)
    return new Map(committed.map(({ topic, partition, offset }) => [partitionName(topic, partition), offset]))
  }

  async resetGroup(groupId: string, offsets: readonly GroupOffset[]): Promise<void> {
    if (!this.#broker.group(groupId).reset(offsets))
      throw new StreamsError('GROUP_NOT_EMPTY', `group '${groupId}' has members: stop them all`)
  }

  async removeMember(groupId: string, instanceId: string): Promise<void> {
    this.#broker.group(groupId).members.leave(instanceId)
  }

  /** None: there is but one behaviour. */
  async finalizedFeatures(): Promise<ReadonlyMap<string, number>> {
    return new Map()
  }

  async openTransactions(transactionalIdPrefix: string): Promise<readonly OpenTransaction[]> {
    return this.#broker.transactions.listOpen(transactionalIdPrefix)
  }

  async fenceTransactionalId(transactionalId: string): Promise<void> {
    this.#broker.transactions.open(transactionalId)
    this.#broker.changed()
  }

  async close(): Promise<void> {}
}

function offsetOf(log: MemoryLog, at: OffsetSpec): number {
  if (typeof at === 'number') return log.offsetAt(at)
  if (at === 'earliest') return log.startOffset
  return log.bound(at === 'latest-stable')
}
