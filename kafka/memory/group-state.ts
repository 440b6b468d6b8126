import { StreamsError } from '../../core/errors.ts'
import { partitionName, type TopicPartition } from '../../core/record.ts'
import type { GroupMetadata, GroupOffset } from '../port/group.ts'
import { GroupMembers } from './group-members.ts'

/** What the broker keeps of a group: its members, and its offsets. */
export class GroupState {
  readonly groupId: string
  readonly members: GroupMembers
  readonly #offsets = new Map<string, GroupOffset>()
  /** How many open transactions hold an offset of each partition. */
  readonly #pending = new Map<string, number>()

  constructor(groupId: string, allOf: (topics: readonly string[]) => readonly TopicPartition[]) {
    this.groupId = groupId
    this.members = new GroupMembers(groupId, allOf)
  }

  /** What a transaction's offsets are checked against. Throws GROUP_FENCED, GROUP_REBALANCE. */
  check({ instanceId, memberId, generationId }: GroupMetadata): void {
    const generation = this.members.generationOf(instanceId)
    if (generation < 0)
      throw new StreamsError('GROUP_REBALANCE', `group '${this.groupId}' does not know '${instanceId}'`)
    if (!this.members.holds(instanceId, memberId))
      throw new StreamsError(
        'GROUP_FENCED',
        `group '${this.groupId}': another process took the place of '${instanceId}'`
      )
    if (generation !== generationId)
      throw new StreamsError(
        'GROUP_REBALANCE',
        `group '${this.groupId}': '${instanceId}' is in generation ${generation}, not ${generationId}`
      )
  }

  commit(offsets: readonly GroupOffset[]): void {
    for (const offset of offsets) this.#offsets.set(partitionName(offset.topic, offset.partition), offset)
  }

  /** An open transaction holds these offsets now. */
  pend(offsets: readonly GroupOffset[]): void {
    for (const { topic, partition } of offsets) {
      const name = partitionName(topic, partition)
      this.#pending.set(name, (this.#pending.get(name) ?? 0) + 1)
    }
  }

  /** That transaction is decided. */
  settle(offsets: readonly GroupOffset[]): void {
    for (const { topic, partition } of offsets) {
      const name = partitionName(topic, partition)
      const left = (this.#pending.get(name) ?? 1) - 1
      if (left === 0) this.#pending.delete(name)
      else this.#pending.set(name, left)
    }
  }

  /** False while an open transaction holds an offset of one of them. */
  isStable(partitions: readonly TopicPartition[]): boolean {
    return partitions.every(({ topic, partition }) => !this.#pending.has(partitionName(topic, partition)))
  }

  committed(partitions: readonly TopicPartition[]): readonly GroupOffset[] {
    const found: GroupOffset[] = []
    for (const { topic, partition } of partitions) {
      const offset = this.#offsets.get(partitionName(topic, partition))
      if (offset !== undefined) found.push(offset)
    }
    return found
  }

  /** Starts over with these offsets; false while there are members. */
  reset(offsets: readonly GroupOffset[]): boolean {
    if (this.members.size > 0) return false
    this.#offsets.clear()
    this.commit(offsets)
    return true
  }

  forgetTopic(topic: string): void {
    for (const [name, offset] of this.#offsets) if (offset.topic === topic) this.#offsets.delete(name)
  }
}
