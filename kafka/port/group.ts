import type { TopicPartition } from '../../core/record.ts'
import type { GroupAssignor, Share } from './group-assignor.ts'

/** A committed position. `metadata` is free text that travels with it (the runtime keeps stream time in it). */
export interface GroupOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly metadata: string
}

/** Who commits: what a transaction's offsets are checked against (KIP-447). */
export interface GroupMetadata {
  readonly groupId: string
  readonly memberId: string
  readonly generationId: number
  readonly instanceId: string
}

/** What a transaction needs of the member whose offsets it commits. */
export interface OffsetCommitter {
  /** This member as it is now; after the first `join`. */
  metadata(): GroupMetadata
  /**
   * After a refusal because the group has a new generation: waits for this member's own join, if one is under way, and tells whether it may
   * commit these positions in its new generation. False: they are somebody else's.
   *
   * @param refused as whom it was tried
   */
  regains(offsets: readonly GroupOffset[], refused: GroupMetadata): Promise<boolean>
}

export interface GroupOptions {
  readonly clientId: string
  readonly groupId: string
  /** Static membership (KIP-345): a restarted process takes its own place at once. */
  readonly instanceId: string
  readonly topics: readonly string[]
  /** Default: partitions in turn. All members of a group must have the same. */
  readonly assignor?: GroupAssignor
  /** How long the group waits for a silent member, ms. Default 45,000. */
  readonly sessionTimeoutMs?: number
  /** Default 3,000 ms. */
  readonly heartbeatIntervalMs?: number
}

/** Membership in a consumer group over the classic protocol, and its offsets. */
export interface GroupMember extends OffsetCommitter {
  /**
   * Joins and resolves with what is now this member's; that takes until all others have joined, too. Commits of positions may go on
   * meanwhile. Throws GROUP_FENCED, TOPIC_MISSING, CONFIG_INVALID when the members of the group have another assignor.
   */
  join(): Promise<Share>
  /** True once the group wants its members to join again. The owner commits, then calls `join`. */
  rejoinNeeded(): boolean
  /** Throws GROUP_FENCED if another process took this member's place. Called often; costs nothing. */
  check(): void
  /**
   * Goes up at a join before which the group went on without this member. What it had before may be somebody else's since: it must not commit
   * it any more, though the group would take it.
   */
  stint(): number
  /**
   * False once the group has said that this member has no place, or has said nothing for a session: what it has may be somebody else's. A join
   * that waits for others keeps the place. Costs next to nothing.
   */
  inPlace(): boolean
  /** Committed positions; partitions without one are left out. Waits for open transactions (KIP-447). */
  committed(partitions: readonly TopicPartition[]): Promise<readonly GroupOffset[]>
  /** Commits positions for this generation. Throws GROUP_FENCED, GROUP_REBALANCE. */
  commit(offsets: readonly GroupOffset[]): Promise<void>
  /** Stops heartbeats. With `leave`, tells the group that this member will not come back. */
  close(options?: { readonly leave?: boolean }): Promise<void>
}
