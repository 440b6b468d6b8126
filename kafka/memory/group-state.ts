import { StreamsError } from '../../core/errors.ts'
import { partitionName, type TopicPartition } from '../../core/record.ts'
import type { GroupMetadata, GroupOffset } from '../port/group.ts'

/** Who holds a static place, since which generation. */
interface Place {
  readonly memberId: string
  readonly generationId: number
}

/** What the broker keeps of a group: its offsets, who holds each static place, and which place has the partitions. */
export class GroupState {
  readonly groupId: string
  readonly #offsets = new Map<string, GroupOffset>()
  /** How many open transactions hold an offset of each partition. */
  readonly #pending = new Map<string, number>()
  readonly #places = new Map<string, Place>()
  #owner: string | undefined
  #generation = 0

  constructor(groupId: string) {
    this.groupId = groupId
  }

  /** Grows when the members must join again. */
  get generation(): number {
    return this.#generation
  }

  /** Takes the place of this instance id, whoever held it; true if the partitions are with it. */
  join(instanceId: string, memberId: string): boolean {
    this.#places.set(instanceId, { memberId, generationId: this.#generation })
    this.#owner ??= instanceId
    return this.#owner === instanceId
  }

  holds(instanceId: string, memberId: string): boolean {
    return this.#places.get(instanceId)?.memberId === memberId
  }

  /** What a transaction's offsets are checked against. Throws GROUP_FENCED, GROUP_REBALANCE. */
  check({ instanceId, memberId, generationId }: GroupMetadata): void {
    const place = this.#places.get(instanceId)
    if (place === undefined)
      throw new StreamsError('GROUP_REBALANCE', `group '${this.groupId}' does not know '${instanceId}'`)
    if (place.memberId !== memberId)
      throw new StreamsError(
        'GROUP_FENCED',
        `group '${this.groupId}': another process took the place of '${instanceId}'`
      )
    if (place.generationId !== generationId)
      throw new StreamsError(
        'GROUP_REBALANCE',
        `group '${this.groupId}': '${instanceId}' is in generation ${place.generationId}, not ${generationId}`
      )
  }

  /** Gives the place up; if the partitions were with it, the others join again for them. */
  leave(instanceId: string, memberId: string): void {
    if (!this.holds(instanceId, memberId)) return
    this.#places.delete(instanceId)
    if (this.#owner !== instanceId) return
    this.#owner = undefined
    this.#generation++
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
    if (this.#places.size > 0) return false
    this.#offsets.clear()
    this.commit(offsets)
    return true
  }

  forgetTopic(topic: string): void {
    for (const [name, offset] of this.#offsets) if (offset.topic === topic) this.#offsets.delete(name)
  }
}
