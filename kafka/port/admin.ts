import type { TopicPartition } from '../../core/record.ts'

export interface NewTopic {
  readonly name: string
  readonly partitions: number
  /** Omitted: the broker's default. */
  readonly replicas?: number
  /** Topic settings by Kafka's names, e.g. `cleanup.policy`. */
  readonly configs: Readonly<Record<string, string>>
}

export interface TopicDescription {
  readonly name: string
  /** Kafka's topic id (UUID text): differs when a topic was deleted and made again. */
  readonly id: string
  readonly partitions: number
}

export interface Admin {
  /** Makes the topics that are missing and leaves existing ones as they are. Resolves when all can be used. */
  createTopics(topics: readonly NewTopic[]): Promise<void>
  /** Topics that exist, of those asked for. */
  describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>>
  deleteTopics(names: readonly string[]): Promise<void>
  /** `latest` is the high watermark (read uncommitted). Keyed by `partitionName`. */
  listOffsets(
    partitions: readonly TopicPartition[],
    at: 'earliest' | 'latest'
  ): Promise<ReadonlyMap<string, number>>
  /** Deletes records before the offset of each partition. */
  deleteRecords(
    before: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[]
  ): Promise<void>
  /** Committed offsets of any group, keyed by `partitionName`; partitions without one are left out. */
  groupOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, number>>
  close(): Promise<void>
}
