import { partitionName, type TopicPartition } from '../../core/record.ts'
import type { GroupOffset } from '../port/group.ts'

/**
 * What the broker keeps of a group: its offsets, who holds each static place, and which place has the partitions. A member is
 * known by a token of its own, since two processes may claim one instance id.
 */
export class GroupState {
  readonly groupId: string
  readonly #offsets = new Map<string, GroupOffset>()
  readonly #places = new Map<string, symbol>()
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
  join(instanceId: string, member: symbol): boolean {
    this.#places.set(instanceId, member)
    this.#owner ??= instanceId
    return this.#owner === instanceId
  }

  holds(instanceId: string, member: symbol): boolean {
    return this.#places.get(instanceId) === member
  }

  /** Gives the place up; if the partitions were with it, the others join again for them. */
  leave(instanceId: string, member: symbol): void {
    if (!this.holds(instanceId, member)) return
    this.#places.delete(instanceId)
    if (this.#owner !== instanceId) return
    this.#owner = undefined
    this.#generation++
  }

  commit(offsets: readonly GroupOffset[]): void {
    for (const offset of offsets) this.#offsets.set(partitionName(offset.topic, offset.partition), offset)
  }

  committed(partitions: readonly TopicPartition[]): readonly GroupOffset[] {
    const found: GroupOffset[] = []
    for (const { topic, partition } of partitions) {
      const offset = this.#offsets.get(partitionName(topic, partition))
      if (offset !== undefined) found.push(offset)
    }
    return found
  }

  forgetTopic(topic: string): void {
    for (const [name, offset] of this.#offsets) if (offset.topic === topic) this.#offsets.delete(name)
  }
}
