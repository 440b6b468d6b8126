/** A task as the assignor sees it. */
export interface AssignableTask {
  readonly id: string
  /** Has stores. */
  readonly stateful: boolean
}

/** A member and what it said of itself when it joined. */
export interface AssignmentMember {
  readonly id: string
  /** Members (threads) of one process share a state directory and die together. */
  readonly processId: string
  /** Tasks that it runs now. */
  readonly active: readonly string[]
  /** Tasks that it keeps a copy of now. */
  readonly standby: readonly string[]
  /**
   * Tasks with state on the process's disk, and the changelog records that it lacks. A task that is not named has nothing there; one that
   * is active there lacks nothing, be it still being restored.
   */
  readonly lags: ReadonlyMap<string, number>
  /** Where the process is, such as `{ zone: 'a' }` (KIP-708). */
  readonly tags: Readonly<Record<string, string>>
}

/** Names follow Kafka Streams' settings. */
export interface AssignorSettings {
  /** `num.standby.replicas` */
  readonly numStandbyReplicas: number
  /** `max.warmup.replicas`: how many tasks are made ready at their new place at the same time. */
  readonly maxWarmupReplicas: number
  /** `acceptable.recovery.lag`: a process that lacks at most this many records may take a task over at once. */
  readonly acceptableRecoveryLag: number
  /** `rack.aware.assignment.tags`: standbys should differ from their active and from one another in these. */
  readonly rackAwareTags: readonly string[]
}

/** What one member is to do. Warm-ups are standbys that will become active here. */
export interface TaskShare {
  readonly active: readonly string[]
  readonly standby: readonly string[]
  readonly warmup: readonly string[]
}

export interface TaskAssignment {
  readonly shares: ReadonlyMap<string, TaskShare>
  /** Tasks wait for a warm-up: the group should join again after `probing.rebalance.interval.ms`. */
  readonly probing: boolean
}

export const noTasks: TaskShare = { active: [], standby: [], warmup: [] }

export function sameShare(a: TaskShare, b: TaskShare): boolean {
  return same(a.active, b.active) && same(a.standby, b.standby) && same(a.warmup, b.warmup)
}

/** Whatever the order. */
function same(a: readonly string[], b: readonly string[]): boolean {
  const names = new Set(a)
  return names.size === b.length && b.every((name) => names.has(name))
}
