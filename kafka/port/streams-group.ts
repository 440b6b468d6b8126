import type { TopicPartition } from '../../core/record.ts'
import type { GroupMember } from './group.ts'

/** Tasks of one sub-topology, by partition number. */
export interface TaskIds {
  readonly subTopology: string
  readonly partitions: readonly number[]
}

export interface StreamsTasks {
  readonly active: readonly TaskIds[]
  readonly standby: readonly TaskIds[]
  /** Copies that will become active here once they are warm. */
  readonly warmup: readonly TaskIds[]
}

/** A topic that the broker makes for the application. */
export interface StreamsTopic {
  readonly name: string
  /** 0: as many as the tasks that use it. */
  readonly partitions: number
  readonly configs: Readonly<Record<string, string>>
}

/** What the broker needs to know of a part of the graph, in order to assign its tasks. */
export interface StreamsSubTopology {
  readonly id: string
  readonly sourceTopics: readonly string[]
  /** Written by it. */
  readonly repartitionSinkTopics: readonly string[]
  /** Read by it. */
  readonly repartitionSourceTopics: readonly StreamsTopic[]
  readonly changelogTopics: readonly StreamsTopic[]
  /** What it reads must have equal numbers of partitions. */
  readonly copartitioned: boolean
}

/** Sums over the changelogs of a task that a member has a copy of. */
export interface TaskOffset {
  readonly subTopology: string
  readonly partition: number
  /** Where the copy is. */
  readonly offset: number
  /** Where the changelogs end; undefined: not known, as nobody works on the copy. */
  readonly endOffset: number | undefined
}

/** A member that answers queries, and the topic partitions that its tasks read. */
export interface StreamsEndpoint {
  /** `host:port` */
  readonly endpoint: string
  readonly active: readonly TopicPartition[]
  readonly standby: readonly TopicPartition[]
}

export interface StreamsGroupOptions {
  readonly clientId: string
  readonly groupId: string
  /** Static membership; null: none. */
  readonly instanceId: string | null
  /** Members of one process share a state directory. */
  readonly processId: string
  readonly topology: readonly StreamsSubTopology[]
  readonly tags: Readonly<Record<string, string>>
  /** `host:port` at which this member answers queries, told to all others; null: none. */
  readonly endpoint: string | null
  /** How long the broker waits for this member to give up tasks, ms. */
  readonly rebalanceTimeoutMs: number
  /** The copies here of tasks that do not run here. Told at the join and at times: the broker gives a task to whose copy is the furthest. */
  readonly offsets: () => readonly TaskOffset[]
}

/** Membership in a streams group (KIP-1071): the broker assigns the tasks. */
export interface StreamsGroupMember
  extends Pick<GroupMember, 'metadata' | 'regains' | 'committed' | 'commit' | 'check' | 'inPlace'> {
  /** Joins. Resolves with the first answer that has no error; tasks may come later. Throws what `check` throws. */
  join(): Promise<void>
  /** What this member is to have; another object each time it has changed. */
  assigned(): StreamsTasks
  /** What this member has now. To be called when tasks were given up or taken over: the others wait for it. */
  owns(tasks: StreamsTasks): void
  /** All members that have an endpoint, as the broker told last. */
  endpoints(): readonly StreamsEndpoint[]
  /** Instance ids of all members that have one, asked of the coordinator. Throws BROKER_UNAVAILABLE, BROKER_REFUSED. */
  instances(): Promise<readonly string[]>
  /** Asks all members of the group to shut down. */
  shutDownApplication(): void
  close(options?: { readonly leave?: boolean }): Promise<void>
}
