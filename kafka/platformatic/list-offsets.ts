import { listOffsetsV9 } from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'
import { partitionName, type TopicPartition } from '../../core/record.ts'
import type { OffsetSpec } from '../port/admin.ts'
import { type Cluster, lookUp } from './cluster.ts'
import { brokerError } from './errors.ts'
import { byLeader, byTopic } from './group-partitions.ts'

/** `latest` under read_committed is the last stable offset, as `latest-stable` always is. */
export interface ListOffsetsOptions {
  readonly at: OffsetSpec
  readonly readCommitted: boolean
}

/** What a broker answers for a time after the last record's. */
const none = -1

/**
 * One attempt, by the leaders that the cluster's metadata names. Keyed by `partitionName`. Throws TOPIC_MISSING,
 * BROKER_UNAVAILABLE (also for a leader that has moved), BROKER_REFUSED.
 */
export async function listOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  { at, readCommitted }: ListOffsetsOptions
): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  const stable = readCommitted || at === 'latest-stable'
  await Promise.all(
    [...byLeader(cluster, partitions)].map(async ([leader, led]) => {
      const topics: listOffsetsV9.ListOffsetsRequestTopic[] = byTopic(led).map(([name, indexes]) => ({
        name,
        partitions: indexes.map((partitionIndex) => ({
          partitionIndex,
          currentLeaderEpoch: -1,
          timestamp: requestTime(at)
        }))
      }))
      const channel = cluster.channel('offsets', leader, lookUp)
      const answer = await channel.call(listOffsetsV9.api, -1, stable ? 1 : 0, topics)
      for (const topic of answer.topics)
        for (const { partitionIndex, errorCode, offset } of topic.partitions) {
          const name = partitionName(topic.name, partitionIndex)
          if (errorCode !== 0) throw brokerError(`${named(at)} of ${name} from broker ${leader}`, errorCode)
          found.set(name, Number(offset))
        }
    })
  )
  for (const { topic, partition } of partitions)
    if (!found.has(partitionName(topic, partition)))
      throw new StreamsError('BROKER_UNAVAILABLE', `no broker told the offset of ${topic}-${partition}`)
  if (typeof at === 'number') await fillWithEnds(cluster, partitions, found, readCommitted)
  return found
}

/** The end of each partition that has no record of that time or later. */
async function fillWithEnds(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  found: Map<string, number>,
  readCommitted: boolean
): Promise<void> {
  const past = partitions.filter(
    ({ topic, partition }) => found.get(partitionName(topic, partition)) === none
  )
  if (past.length === 0) return
  for (const [name, end] of await listOffsets(cluster, past, { at: 'latest', readCommitted }))
    found.set(name, end)
}

function requestTime(at: OffsetSpec): bigint {
  if (at === 'earliest') return -2n
  return typeof at === 'number' ? BigInt(Math.max(0, Math.floor(at))) : -1n
}

function named(at: OffsetSpec): string {
  return typeof at === 'number' ? `offset at ${new Date(at).toISOString()}` : `${at} offset`
}
