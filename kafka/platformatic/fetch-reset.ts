import { StreamsError } from '../../core/errors.ts'
import { partitionName } from '../../core/record.ts'
import type { ConsumerOptions, IsolationLevel } from '../port/consumer.ts'
import type { Cluster } from './cluster.ts'
import type { ConsumedPartition } from './consumed-partition.ts'
import { connectionError } from './errors.ts'
import type { DivergingEpoch } from './fetch-api.ts'
import type { Outside } from './fetch-receiver.ts'
import { listOffsets } from './list-offsets.ts'
import { ticks } from './retry.ts'

export interface ResetPolicy {
  readonly offsetReset: NonNullable<ConsumerOptions['offsetReset']>
  readonly isolation: IsolationLevel
}

/** What becomes of a position that is not in the log (any more). */
export class FetchReset {
  readonly #cluster: Cluster
  readonly #policy: ResetPolicy
  readonly #failed: (failure: StreamsError, state: ConsumedPartition) => void

  /** `failed` is told when the offsets of the log could not be looked up. */
  constructor(
    cluster: Cluster,
    policy: ResetPolicy,
    failed: (failure: StreamsError, state: ConsumedPartition) => void
  ) {
    this.#cluster = cluster
    this.#policy = policy
    this.#failed = failed
  }

  /** Never throws: what goes wrong is kept with the partition. Resolves when the partition may be fetched again, or has failed. */
  async reset({ state, diverging }: Outside): Promise<void> {
    if (diverging !== undefined) this.#truncated(state, diverging)
    else if (this.#policy.offsetReset === 'fail') await this.#refuse(state)
    else await this.#moveTo(state, this.#policy.offsetReset)
  }

  /**
   * The log lost its end under us, most likely to an unclean leader election (KIP-320). What took the place of the lost records was
   * never delivered, so a policy that goes on goes on where the logs part, wherever its first and last offsets are.
   */
  #truncated(state: ConsumedPartition, { epoch, endOffset }: DivergingEpoch): void {
    if (this.#policy.offsetReset !== 'fail') {
      state.rewind(endOffset, epoch)
      return
    }
    const { topic, partition, position, lastEpoch } = state
    state.failure = new StreamsError(
      'OFFSET_OUT_OF_RANGE',
      `${partitionName(topic, partition)}: the log was truncated; it is another one from offset ${endOffset} on (where its epoch ` +
        `${epoch} ends), and was read up to offset ${position} (epoch ${lastEpoch}). Records ${endOffset} to ${position - 1} are lost: ` +
        `undo what was made of them, then assign offset ${endOffset}`
    )
  }

  async #refuse(state: ConsumedPartition): Promise<void> {
    const name = partitionName(state.topic, state.partition)
    let range = ''
    try {
      const first = await listOffsets(this.#cluster, [state], { at: 'earliest', readCommitted: false })
      const last = await listOffsets(this.#cluster, [state], { at: 'latest', readCommitted: false })
      range = `, which reaches from ${first.get(name)} to ${last.get(name)}`
    } catch {
      // told without it
    }
    state.failure = new StreamsError(
      'OFFSET_OUT_OF_RANGE',
      `${name}: offset ${state.position} is outside the log${range}; assign an offset within it, or set offsetReset`
    )
  }

  async #moveTo(state: ConsumedPartition, at: 'earliest' | 'latest'): Promise<void> {
    const readCommitted = this.#policy.isolation === 'read_committed'
    const name = partitionName(state.topic, state.partition)
    try {
      const offsets = await listOffsets(this.#cluster, [state], { at, readCommitted })
      state.moveTo(offsets.get(name)!, -1)
    } catch (error) {
      this.#failed(connectionError(`resetting ${name}`, error), state)
      state.putOff(ticks())
    }
  }
}
