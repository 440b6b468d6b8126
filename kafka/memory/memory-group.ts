import { randomUUID } from 'node:crypto'
import { StreamsError } from '../../core/errors.ts'
import type { TopicPartition } from '../../core/record.ts'
import type { GroupMember, GroupMetadata, GroupOffset, GroupOptions } from '../port/group.ts'
import type { GroupState } from './group-state.ts'
import type { MemoryBroker } from './memory-broker.ts'

/** How long an open transaction may hold offsets that are asked for. */
const stableWithinMs = 120_000

/** The place that joined first has all partitions until it leaves. No session ends here: a silent member keeps its place. */
export class MemoryGroup implements GroupMember {
  readonly #broker: MemoryBroker
  readonly #options: GroupOptions
  readonly #state: GroupState
  readonly #memberId: string
  #joined = false
  #generation = -1

  constructor(broker: MemoryBroker, options: GroupOptions) {
    this.#broker = broker
    this.#options = options
    this.#memberId = `${options.instanceId}-${randomUUID()}`
    this.#state = broker.group(options.groupId)
  }

  async join(): Promise<readonly TopicPartition[]> {
    return this.joinSync()
  }

  /** Throws GROUP_FENCED, TOPIC_MISSING. */
  joinSync(): readonly TopicPartition[] {
    this.check()
    const all = this.#options.topics.flatMap((topic) =>
      this.#broker.topic(topic).logs.map(({ partition }) => ({ topic, partition }))
    )
    const active = this.#state.join(this.#options.instanceId, this.#memberId)
    this.#joined = true
    this.#generation = this.#state.generation
    return active ? all : []
  }

  rejoinNeeded(): boolean {
    return this.#joined && this.#generation !== this.#state.generation
  }

  check(): void {
    const { instanceId, groupId } = this.#options
    if (this.#joined && !this.#state.holds(instanceId, this.#memberId))
      throw new StreamsError('GROUP_FENCED', `group ${groupId}: another process joined as ${instanceId}`)
  }

  metadata(): GroupMetadata {
    const { groupId, instanceId } = this.#options
    return { groupId, instanceId, memberId: this.#memberId, generationId: this.#generation }
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly GroupOffset[]> {
    if (!this.#state.isStable(partitions)) await this.#stable(partitions)
    return this.committedSync(partitions)
  }

  /** Without waiting for open transactions. */
  committedSync(partitions: readonly TopicPartition[]): readonly GroupOffset[] {
    return this.#state.committed(partitions)
  }

  async commit(offsets: readonly GroupOffset[]): Promise<void> {
    this.commitSync(offsets)
  }

  /** Throws GROUP_FENCED, GROUP_REBALANCE. */
  commitSync(offsets: readonly GroupOffset[]): void {
    this.check()
    if (!this.#joined)
      throw new StreamsError('GROUP_REBALANCE', `group ${this.#options.groupId}: commit before join`)
    this.#state.commit(offsets)
  }

  async close(options?: { readonly leave?: boolean }): Promise<void> {
    if (options?.leave === true) this.#state.leave(this.#options.instanceId, this.#memberId)
    this.#joined = false
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
