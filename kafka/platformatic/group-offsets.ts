import { offsetCommitV9, offsetFetchV9 } from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'
import { partitionName, type TopicPartition } from '../../core/record.ts'
import type { GroupOffset } from '../port/group.ts'
import { lookUp } from './cluster.ts'
import type { Coordinator } from './coordinator.ts'
import { brokerCode, brokerError } from './errors.ts'
import { byTopic } from './group-partitions.ts'

/** Who commits, by the member's own account. */
export interface Membership {
  readonly groupId: string
  /** Null outside of any membership. */
  readonly instanceId: string | null
  readonly memberId: string
  readonly generation: number
}

const purpose = 'group-offsets'

/**
 * One attempt to read committed offsets; partitions without one are left out. With `stable` the broker refuses (BROKER_UNAVAILABLE
 * here) while a transaction that commits offsets is open.
 */
export async function fetchOffsets(
  coordinator: Coordinator,
  groupId: string,
  partitions: readonly TopicPartition[],
  stable: boolean
): Promise<GroupOffset[]> {
  if (partitions.length === 0) return []
  const topics = byTopic(partitions).map(([name, partitionIndexes]) => ({ name, partitionIndexes }))
  const groups = [{ groupId, memberId: null, memberEpoch: -1, topics }]
  const answer = await coordinator.call(purpose, lookUp, offsetFetchV9.api, groups, stable)
  const offsets: GroupOffset[] = []
  for (const group of answer.groups) {
    coordinator.note(group.errorCode)
    if (group.errorCode !== 0) throw brokerError(`committed offsets of group '${groupId}'`, group.errorCode)
    for (const topic of group.topics)
      for (const { partitionIndex: partition, errorCode, committedOffset, metadata } of topic.partitions) {
        const name = partitionName(topic.name, partition)
        if (errorCode !== 0) throw brokerError(`committed offset of ${name} in group '${groupId}'`, errorCode)
        if (committedOffset < 0n) continue
        offsets.push({
          topic: topic.name,
          partition,
          offset: Number(committedOffset),
          metadata: metadata ?? ''
        })
      }
  }
  return offsets
}

/** What a commit may be answered with that is about the member, not about the brokers. */
export type CommitRefusal = 'fenced' | 'unknown-member' | 'rebalance'

/** One attempt to commit all offsets. Throws BROKER_UNAVAILABLE, BROKER_REFUSED. */
export async function commitOffsets(
  coordinator: Coordinator,
  { groupId, instanceId, memberId, generation }: Membership,
  offsets: readonly GroupOffset[]
): Promise<CommitRefusal | undefined> {
  const byName = new Map(offsets.map((one) => [partitionName(one.topic, one.partition), one]))
  const topics = byTopic(offsets).map(([name, partitions]) => ({
    name,
    partitions: partitions.map((partitionIndex) => {
      const { offset, metadata } = byName.get(partitionName(name, partitionIndex))!
      return {
        partitionIndex,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: -1,
        committedMetadata: metadata
      }
    })
  }))
  const answer = await coordinator.call(
    purpose,
    lookUp,
    offsetCommitV9.api,
    groupId,
    generation,
    memberId,
    instanceId,
    topics
  )
  for (const topic of answer.topics)
    for (const { partitionIndex, errorCode } of topic.partitions) {
      coordinator.note(errorCode)
      const refusal = refusals.get(errorCode)
      if (refusal !== undefined) return refusal
      if (errorCode !== 0)
        throw brokerError(
          `committing ${partitionName(topic.name, partitionIndex)} for group '${groupId}'`,
          errorCode
        )
    }
  const answered = answer.topics.reduce((sum, topic) => sum + topic.partitions.length, 0)
  if (answered < byName.size)
    throw new StreamsError(
      'BROKER_UNAVAILABLE',
      `committing for group '${groupId}': ${byName.size - answered} partitions are missing in the answer`
    )
  return undefined
}

const refusals: ReadonlyMap<number, CommitRefusal> = new Map([
  [brokerCode.fencedInstanceId, 'fenced'],
  [brokerCode.unknownMemberId, 'unknown-member'],
  [brokerCode.illegalGeneration, 'rebalance'],
  [brokerCode.rebalanceInProgress, 'rebalance'],
  [brokerCode.staleMemberEpoch, 'rebalance'],
  [brokerCode.fencedMemberEpoch, 'unknown-member']
])
