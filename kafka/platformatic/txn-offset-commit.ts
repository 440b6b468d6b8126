import { createAPI, txnOffsetCommitV4 } from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import type { GroupMetadata, GroupOffset } from '../port/group.ts'
import type { Coordinator } from './coordinator.ts'
import { brokerCode, brokerCodeName } from './errors.ts'
import { byTopic } from './group-partitions.ts'
import type { ProducerIdentity } from './producer-identity.ts'
import { type TransactionVersion, transactionChannel } from './transaction-coordinator.ts'

/** Version 5 has the layout of version 4; the group's coordinator adds its partition to the transaction by itself (KIP-890). */
const txnOffsetCommitV5 = createAPI(28, 5, txnOffsetCommitV4.createRequest, txnOffsetCommitV4.parseResponse)

/** What an offset commit may be answered with that is about the member. */
const memberErrors: ReadonlyMap<number, 'GROUP_FENCED' | 'GROUP_REBALANCE'> = new Map([
  [brokerCode.fencedInstanceId, 'GROUP_FENCED'],
  [brokerCode.unknownMemberId, 'GROUP_REBALANCE'],
  [brokerCode.illegalGeneration, 'GROUP_REBALANCE'],
  [brokerCode.rebalanceInProgress, 'GROUP_REBALANCE'],
  [brokerCode.staleMemberEpoch, 'GROUP_REBALANCE'],
  [brokerCode.fencedMemberEpoch, 'GROUP_REBALANCE']
])

/**
 * One attempt to add all offsets with one request. Returns the first code that is not 0, or 0. Throws GROUP_FENCED, GROUP_REBALANCE and
 * what the connection throws.
 */
export async function commitTransactionOffsets(
  coordinator: Coordinator,
  transactionalId: string,
  { producerId, epoch }: ProducerIdentity,
  version: TransactionVersion,
  group: GroupMetadata,
  offsets: readonly GroupOffset[]
): Promise<number> {
  const byName = new Map(offsets.map((one) => [partitionName(one.topic, one.partition), one]))
  const topics = byTopic([...byName.values()]).map(([name, partitions]) => ({
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
    'transaction-offsets',
    transactionChannel,
    version === 2 ? txnOffsetCommitV5 : txnOffsetCommitV4.api,
    transactionalId,
    group.groupId,
    BigInt(producerId),
    epoch,
    group.generationId,
    group.memberId,
    group.instanceId,
    topics
  )
  let answered = 0
  for (const topic of answer.topics)
    for (const { partitionIndex, errorCode } of topic.partitions) {
      answered++
      if (errorCode === 0) continue
      coordinator.note(errorCode)
      const about = memberErrors.get(errorCode)
      if (about === undefined) return errorCode
      throw new StreamsError(
        about,
        `group '${group.groupId}': '${group.instanceId}' cannot commit ${partitionName(topic.name, partitionIndex)} in generation ` +
          `${group.generationId} with the transaction of '${transactionalId}' (${brokerCodeName(errorCode)})`
      )
    }
  // an answer that leaves partitions out is one that cannot be relied upon: asked again
  return answered < byName.size ? brokerCode.networkException : 0
}
