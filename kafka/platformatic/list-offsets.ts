import { listOffsetsV9 } from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'
import { partitionName, type TopicPartition } from '../../core/record.ts'
import type { Cluster } from './cluster.ts'
import { brokerError } from './errors.ts'
import { byLeader, byTopic } from './group-partitions.ts'

type LogEnd = 'earliest' | 'latest'

/** `latest` under read_committed is the last stable offset. */
export interface ListOffsetsOptions {
  readonly at: LogEnd
  readonly readCommitted: boolean
}

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
  const timestamp = at === 'earliest' ? -2n : -1n
  await Promise.all(
    [...byLeader(cluster, partitions)].map(async ([leader, led]) => {
      const topics: listOffsetsV9.ListOffsetsRequestTopic[] = byTopic(led).map(([name, indexes]) => ({
        name,
        partitions: indexes.map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp }))
      }))
      const channel = cluster.channel('offsets', leader)
      const answer = await channel.call(listOffsetsV9.api, -1, readCommitted ? 1 : 0, topics)
      for (const topic of answer.topics)
        for (const { partitionIndex, errorCode, offset } of topic.partitions) {
          const name = partitionName(topic.name, partitionIndex)
          if (errorCode !== 0) throw brokerError(`${at} offset of ${name} from broker ${leader}`, errorCode)
          found.set(name, Number(offset))
        }
    })
  )
  for (const { topic, partition } of partitions)
    if (!found.has(partitionName(topic, partition)))
      throw new StreamsError('BROKER_UNAVAILABLE', `no broker told the offset of ${topic}-${partition}`)
  return found
}
