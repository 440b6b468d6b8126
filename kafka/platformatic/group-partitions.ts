import { StreamsError } from '../../core/errors.ts'
import type { TopicPartition } from '../../core/record.ts'
import type { Cluster } from './cluster.ts'

/** Partitions by the node id of their leader. Throws TOPIC_MISSING, and BROKER_UNAVAILABLE while one has no leader. */
export function byLeader<P extends TopicPartition>(
  cluster: Cluster,
  partitions: readonly P[]
): Map<number, P[]> {
  const groups = new Map<number, P[]>()
  for (const wanted of partitions) {
    const name = `${wanted.topic}-${wanted.partition}`
    const metadata = cluster.topic(wanted.topic)?.partitions[wanted.partition]
    if (metadata === undefined) throw new StreamsError('TOPIC_MISSING', `there is no partition ${name}`)
    if (metadata.leader < 0)
      throw new StreamsError('BROKER_UNAVAILABLE', `partition ${name} has no leader at the moment`)
    const group = groups.get(metadata.leader)
    if (group === undefined) groups.set(metadata.leader, [wanted])
    else group.push(wanted)
  }
  return groups
}

/** Partition numbers by topic, as most requests list them. */
export function byTopic(partitions: readonly TopicPartition[]): [topic: string, partitions: number[]][] {
  const groups = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    const group = groups.get(topic)
    if (group === undefined) groups.set(topic, [partition])
    else group.push(partition)
  }
  return [...groups]
}

export function topicsOf(partitions: readonly TopicPartition[]): string[] {
  return [...new Set(partitions.map(({ topic }) => topic))]
}
