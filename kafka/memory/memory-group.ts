import { StreamsError } from '../../core/errors.ts'
import type { TopicPartition } from '../../core/record.ts'
import type { GroupMember, GroupOffset, GroupOptions } from '../port/group.ts'
import type { GroupState } from './group-state.ts'
import type { MemoryBroker } from './memory-broker.ts'

/** The place that joined first has all partitions until it leaves. No session ends here: a silent member keeps its place. */
export class MemoryGroup implements GroupMember {
  readonly #broker: MemoryBroker
  readonly #options: GroupOptions
  readonly #state: GroupState
  readonly #member = Symbol('member')
  #joined = false
  #generation = -1

  constructor(broker: MemoryBroker, options: GroupOptions) {
    this.#broker = broker
    this.#options = options
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
    const active = this.#state.join(this.#options.instanceId, this.#member)
    this.#joined = true
    this.#generation = this.#state.generation
    return active ? all : []
  }

  rejoinNeeded(): boolean {
    return this.#joined && this.#generation !== this.#state.generation
  }

  check(): void {
    const { instanceId, groupId } = this.#options
    if (this.#joined && !this.#state.holds(instanceId, this.#member))
      throw new StreamsError('GROUP_FENCED', `group ${groupId}: another process joined as ${instanceId}`)
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly GroupOffset[]> {
    return this.committedSync(partitions)
  }

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
    if (options?.leave === true) this.#state.leave(this.#options.instanceId, this.#member)
    this.#joined = false
  }
}
