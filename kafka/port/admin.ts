import type { TopicPartition } from '../../core/record.ts'
import type { GroupOffset } from './group.ts'

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

/**
 * Which offset of a partition: its first, its end for read uncommitted (high watermark), its end for read committed (last stable offset),
 * or the first whose timestamp is this many ms since 1970 or later (the end, if there is none).
 */
export type OffsetSpec = 'earliest' | 'latest' | 'latest-stable' | number

/** A transaction that the cluster knows of. */
export interface OpenTransaction {
  readonly transactionalId: string
  readonly producerId: number
  /** Kafka's name of its state, e.g. `Ongoing`. */
  readonly state: string
}

export interface Admin {
  /** Makes the topics that are missing and leaves existing ones as they are. Resolves when all can be used. */
  createTopics(topics: readonly NewTopic[]): Promise<void>
  /** Topics that exist, of those asked for. */
  describeTopics(names: readonly string[]): Promise<ReadonlyMap<string, TopicDescription>>
  /** Settings in force of each topic that exists, by Kafka's names. */
  topicConfigs(names: readonly string[]): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>>
  /** Sets these settings of a topic and leaves its others. Throws TOPIC_MISSING. */
  alterTopicConfigs(name: string, configs: Readonly<Record<string, string>>): Promise<void>
  deleteTopics(names: readonly string[]): Promise<void>
  /** Keyed by `partitionName`. Throws TOPIC_MISSING. */
  listOffsets(partitions: readonly TopicPartition[], at: OffsetSpec): Promise<ReadonlyMap<string, number>>
  /** Deletes records before the offset of each partition. */
  deleteRecords(
    before: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[]
  ): Promise<void>
  /** Committed offsets of any group, keyed by `partitionName`; partitions without one are left out. */
  groupOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, number>>
  /** Forgets all committed offsets of a group and sets these. Throws GROUP_NOT_EMPTY while it has members. */
  resetGroup(groupId: string, offsets: readonly GroupOffset[]): Promise<void>
  /**
   * Removes a static member of a classic group, as if it had left: others take over at once. One that is no member is no error, and after some
   * seconds without an answer its session is left to end by itself (KIP-345).
   */
  removeMember(groupId: string, instanceId: string): Promise<void>
  /** Features the cluster has agreed on (KIP-584) and their levels, e.g. `transaction.version`. */
  finalizedFeatures(): Promise<ReadonlyMap<string, number>>
  /** Transactions whose transactional id begins so, over all coordinators; finished ones are left out. */
  openTransactions(transactionalIdPrefix: string): Promise<readonly OpenTransaction[]>
  /** Fences the owner of a transactional id and ends its open transaction, instead of waiting for its timeout. */
  fenceTransactionalId(transactionalId: string): Promise<void>
  close(): Promise<void>
}
