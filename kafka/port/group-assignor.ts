import { partitionName, type TopicPartition } from '../../core/record.ts'

/** A member as the leader sees it. */
export interface Subscriber {
  readonly memberId: string
  readonly instanceId: string | null
  readonly topics: readonly string[]
  /** What the member told with its join. */
  readonly userData: Buffer | null
}

/** What one member is given. */
export interface Share {
  readonly partitions: readonly TopicPartition[]
  /** Told to the member beside its partitions. */
  readonly userData: Buffer | null
}

/** Who gets what; asked at the member that the group made its leader, of a group of one, too. */
export interface GroupAssignor {
  /**
   * A member keeps what it has while the group finds out who gets what, and gives it to nobody before it has joined without it (KIP-429). Else
   * members give up everything before they join.
   */
  readonly cooperative: boolean
  /** Told to the leader with each join. */
  userData(): Buffer | null
  /** Shares by member id; who is not named gets nothing. */
  assign(
    all: readonly TopicPartition[],
    members: readonly Subscriber[],
    leaderId: string
  ): ReadonlyMap<string, Share>
  /** A leader that came back is given its former share, and asked whether it still fits; if not it starts another round. */
  stillFits(share: Share, all: readonly TopicPartition[]): boolean
}

/** One active member; further ones wait without work. */
export const leaderTakesAll: GroupAssignor = {
  cooperative: false,
  userData: () => null,
  assign: (all, _members, leaderId) => new Map([[leaderId, { partitions: all, userData: null }]]),
  // partitions may have been added while the leader was away
  stillFits: ({ partitions }, all) => same(partitions, all)
}

/** Partitions in turn to the members, ordered by their instance ids: the same members always get the same. */
export const roundRobin: GroupAssignor = {
  cooperative: false,
  userData: () => null,
  assign: (all, members) => {
    const inOrder = [...members].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
    return new Map(
      inOrder.map(({ memberId }, turn) => [
        memberId,
        { partitions: all.filter((_, index) => index % inOrder.length === turn), userData: null }
      ])
    )
  },
  // its share among the others is not known to one member alone
  stillFits: () => false
}

function orderOf({ instanceId, memberId }: Subscriber): string {
  return instanceId ?? memberId
}

function same(a: readonly TopicPartition[], b: readonly TopicPartition[]): boolean {
  const names = new Set(a.map(({ topic, partition }) => partitionName(topic, partition)))
  return (
    names.size === b.length && b.every(({ topic, partition }) => names.has(partitionName(topic, partition)))
  )
}
