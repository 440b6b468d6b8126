import { randomUUID } from 'node:crypto'
import { StreamsError } from '../../core/errors.ts'
import type { TopicPartition } from '../../core/record.ts'
import type { GroupMember, GroupMetadata, GroupOffset, GroupOptions } from '../port/group.ts'
import { roundRobin, type Share } from '../port/group-assignor.ts'
import type { GroupState } from './group-state.ts'
import type { MemoryBroker } from './memory-broker.ts'

/** How long an open transaction may hold offsets that are asked for. */
const stableWithinMs = 120_000

/** Membership in a group of the broker in memory. Its session ends only after `close`: a process in memory is never silent. */
export class MemoryGroup implements GroupMember {
  readonly #broker: MemoryBroker
  readonly #options: GroupOptions
  readonly #state: GroupState
  readonly #memberId: string
  #joined = false

  constructor(broker: MemoryBroker, options: GroupOptions) {
    this.#broker = broker
    this.#options = options
    this.#memberId = `${options.instanceId}-${randomUUID()}`
    this.#state = broker.group(options.groupId)
  }

  async join(): Promise<Share> {
    this.check()
    const { instanceId, topics, assignor = roundRobin, sessionTimeoutMs = 45_000 } = this.#options
    // throws what is missing
    for (const topic of topics) this.#broker.topic(topic)
    const share = await this.#state.members.join({
      instanceId,
      memberId: this.#memberId,
      topics,
      userData: assignor.userData(),
      assignor,
      sessionTimeoutMs
    })
    this.#joined = true
    return share
  }

  rejoinNeeded(): boolean {
    return this.#joined && this.#state.members.isOutdated(this.#options.instanceId)
  }

  check(): void {
    const { instanceId, groupId } = this.#options
    if (this.#joined && !this.#state.members.holds(instanceId, this.#memberId))
      throw new StreamsError('GROUP_FENCED', `group ${groupId}: another process joined as ${instanceId}`)
  }

  inPlace(): boolean {
    return this.#joined && this.#state.members.holds(this.#options.instanceId, this.#memberId)
  }

  /** Its session lasts for as long as it is open. */
  stint(): number {
    return 0
  }

  metadata(): GroupMetadata {
    const { groupId, instanceId } = this.#options
    return { groupId, instanceId, memberId: this.#memberId, generationId: this.#generation() }
  }

  /** The broker in memory is never between two generations. */
  async regains(): Promise<boolean> {
    return false
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly GroupOffset[]> {
    if (!this.#state.isStable(partitions)) await this.#stable(partitions)
    return this.#state.committed(partitions)
  }

  async commit(offsets: readonly GroupOffset[]): Promise<void> {
    this.check()
    if (!this.#joined)
      throw new StreamsError('GROUP_REBALANCE', `group ${this.#options.groupId}: commit before join`)
    this.#state.commit(offsets)
  }

  async close(options?: { readonly leave?: boolean }): Promise<void> {
    const { instanceId } = this.#options
    this.#joined = false
    if (!this.#state.members.holds(instanceId, this.#memberId)) return
    if (options?.leave === true) this.#state.members.leave(instanceId)
    else this.#state.members.silent(instanceId)
  }

  #generation(): number {
    return this.#state.members.generationOf(this.#options.instanceId)
  }

  async #stable(partitions: readonly TopicPartition[]): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const stopListening = this.#broker.onChange(() => {
        if (!this.#state.isStable(partitions)) return
        clearTimeout(timer)
        stopListening()
        resolve()
      })
      const timer = setTimeout(() => {
        stopListening()
        const { groupId } = this.#options
        reject(
          new StreamsError(
            'BROKER_UNAVAILABLE',
            `group '${groupId}': a transaction holds its offsets for too long`
          )
        )
      }, stableWithinMs)
    })
  }
}
