import { type Admin, partitionName, type TopicPartition } from '../index.ts'

/** A consumer group and the topics that it reads. */
export interface ReadingGroup {
  readonly groupId: string
  readonly topics: readonly string[]
}

/** What a group has not processed and committed yet of one topic, records. */
export interface TopicLag {
  readonly groupId: string
  readonly topic: string
  readonly partitions: number
  /** Sums over the partitions, from the earliest record that is there. */
  readonly committed: number
  readonly total: number
  readonly lag: number
}

/** Topics that do not exist are left out. */
export async function groupLags(admin: Admin, groups: readonly ReadingGroup[]): Promise<readonly TopicLag[]> {
  const described = await admin.describeTopics([...new Set(groups.flatMap(({ topics }) => topics))])
  const partitionsOf = (topic: string): TopicPartition[] =>
    Array.from({ length: described.get(topic)?.partitions ?? 0 }, (_, partition) => ({ topic, partition }))
  const lags: TopicLag[] = []
  for (const { groupId, topics } of groups)
    for (const topic of topics) {
      const partitions = partitionsOf(topic)
      if (partitions.length === 0) continue
      // positions first: what they had written by then is below the ends read after them
      const committed = await admin.groupOffsets(groupId, partitions)
      const [earliest, ends] = await Promise.all([
        admin.listOffsets(partitions, 'earliest'),
        admin.listOffsets(partitions, 'latest')
      ])
      let done = 0
      let total = 0
      for (const { partition } of partitions) {
        const name = partitionName(topic, partition)
        const begin = earliest.get(name) ?? 0
        const end = ends.get(name) ?? begin
        total += end - begin
        done += Math.min(end, Math.max(begin, committed.get(name) ?? begin)) - begin
      }
      lags.push({ groupId, topic, partitions: partitions.length, committed: done, total, lag: total - done })
    }
  return lags
}
