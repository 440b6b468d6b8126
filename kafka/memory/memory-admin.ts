import { partitionName, type TopicPartition } from '../../core/record.ts'
import type { Admin, NewTopic, TopicDescription } from '../port/admin.ts'
import type { MemoryBroker } from './memory-broker.ts'

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

  async deleteTopics(names: readonly string[]): Promise<void> {
    for (const name of names) this.#broker.deleteTopicSync(name)
  }

  async listOffsets(
    partitions: readonly TopicPartition[],
    at: 'earliest' | 'latest'
  ): Promise<ReadonlyMap<string, number>> {
    const offsets = new Map<string, number>()
    for (const { topic, partition } of partitions) {
      const log = this.#broker.log(topic, partition)
      offsets.set(partitionName(topic, partition), at === 'earliest' ? log.startOffset : log.endOffset)
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

  async close(): Promise<void> {}
}
