import type { TopicPartition } from '../../core/record.ts'
import type { GroupOffset, OffsetCommitter } from '../../kafka/port/group.ts'
import type { TaskShare } from './assignment.ts'
import type { ClientMetadata } from './client-metadata.ts'

/**
 * A thread's place among the replicas of an application, whatever protocol the group speaks.
 *
 *   join -> (assigned has changed -> commit, close what is to be given up -> owns -> open what is new) -> poll ... -> close
 *
 * Nobody is given a task before its owner has said with `owns` that it has it no more.
 */
export interface Membership extends OffsetCommitter {
  /**
   * Takes a place, of a member that runs nothing: what it had before is dropped or closed. Resolves once it has been told its tasks, which
   * takes until the others have joined, too. Throws GROUP_FENCED, TOPIC_MISSING, TOPIC_MISMATCH, BROKER_UNAVAILABLE, CONFIG_INVALID when the
   * group has members of another kind, TOPOLOGY_CHANGED when it runs another graph.
   */
  join(): Promise<void>
  /** What this member is to have; another object each time it has changed. */
  assigned(): TaskShare
  /** Who has what, as this member was told last: of all that have an endpoint for queries. */
  clients(): readonly ClientMetadata[]
  /**
   * Called at every turn; costs next to nothing and waits for nothing: joins of its own accord in the background, while the tasks go on.
   * Throws what such a join failed with, and GROUP_REBALANCE once it is known that the group went on without this member.
   */
  poll(): void
  /** False while this member's tasks may be others': it was put out of the group, or has heard nothing of it for a session. Costs next to nothing. */
  inPlace(): boolean
  /** What this member has from now on. No new round begins before it has said so of what it was assigned last. */
  owns(share: TaskShare): void
  /** Committed positions; partitions without one are left out. Waits for open transactions (KIP-447). */
  committed(partitions: readonly TopicPartition[]): Promise<readonly GroupOffset[]>
  /** Commits positions as this member. Throws GROUP_FENCED, GROUP_REBALANCE. */
  commit(offsets: readonly GroupOffset[]): Promise<void>
  /** Takes a place and asks all members to stop, this one included. Throws APPLICATION_SHUTDOWN once it was told so itself. */
  shutDownApplication(): Promise<void>
  /** Gives up the place; with `leave` at once, else when the session times out. */
  close(options?: { readonly leave?: boolean }): Promise<void>
}
