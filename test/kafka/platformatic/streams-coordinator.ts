import { offsetCommitV9 } from '@platformatic/kafka'
import { vi } from 'vitest'
import { StreamsError } from '../../../core/errors.ts'
import { brokerCode } from '../../../kafka/platformatic/broker-codes.ts'
import { Coordinator } from '../../../kafka/platformatic/coordinator.ts'
import type { DescribedStreamsGroup } from '../../../kafka/platformatic/streams-describe-api.ts'
import type {
  StreamsHeartbeat,
  StreamsHeartbeatAnswer
} from '../../../kafka/platformatic/streams-heartbeat-api.ts'
import type { StreamsTasks } from '../../../kafka/port/streams-group.ts'

/**
 * A coordinator with a streams group of one static member, in place of the brokers. As in Kafka 4.4.0 (GroupMetadataManager), the answer names
 * tasks only to who joins, or when this very heartbeat changed them; the epoch before is accepted with the tasks that a member has; and the
 * place of a member that has not left is refused to all who join, itself included.
 */
export class StreamsCoordinator {
  /** What the member is to have. */
  target: readonly number[] = []
  /** So many of the next answers are lost. */
  losing = 0
  /** The answer to the next join is. */
  losesJoin = false
  /** Who joined is told so after it, though admitted before. */
  joinHeld: Promise<void> | undefined
  /** The next join is refused with it. */
  refusal: number = brokerCode.none
  /** The next leave is refused with it, and counts for nothing. */
  leaveRefusal: number = brokerCode.none
  /** Commits are refused with it. */
  commitRefusal: number = brokerCode.none
  /** The place is another member’s. */
  isOthers = false
  /** Told with each answer that is no refusal. */
  status: StreamsHeartbeatAnswer['status'] = []
  readonly epochs: number[] = []
  #epoch = 0
  #previous = 0
  #assigned: readonly number[] = []
  #member: string | undefined

  constructor() {
    vi.spyOn(Coordinator.prototype, 'call').mockImplementation(async (_purpose, _options, api, asked) => {
      await new Promise(setImmediate)
      const { key } = api as { key: number }
      if (key === offsetCommitV9.api.key) return this.#committed() as never
      const answer = key === 89 ? [this.#describe()] : this.#heartbeat(asked as never)
      if ((asked as { memberEpoch?: number }).memberEpoch === 0) {
        await this.joinHeld
        if (this.losesJoin) this.losing = 1
        this.losesJoin = false
      }
      if (this.losing === 0) return answer as never
      this.losing--
      throw new StreamsError('BROKER_UNAVAILABLE', 'the answer was lost')
    })
  }

  get hasMember(): boolean {
    return this.#member !== undefined
  }

  get epoch(): number {
    return this.#epoch
  }

  /** As after two changes of which the member has heard nothing. */
  fence(): void {
    this.#previous = this.#epoch + 1
    this.#epoch += 2
  }

  #heartbeat(asked: StreamsHeartbeat): StreamsHeartbeatAnswer {
    const { memberId, memberEpoch, rebalanceTimeoutMs, topology, tasks } = asked
    this.epochs.push(memberEpoch)
    const isOwn = !this.isOthers && memberId === this.#member
    if (memberEpoch < 0) {
      const refusal = this.leaveRefusal
      this.leaveRefusal = brokerCode.none
      if (refusal !== brokerCode.none) return answer(refusal)
      if (this.isOthers) return answer(brokerCode.fencedInstanceId)
      if (!isOwn) return answer(brokerCode.unknownMemberId)
      this.#member = undefined
      return this.#granted(memberEpoch)
    }
    if (memberEpoch === 0) {
      if (rebalanceTimeoutMs === -1 || topology === null) return answer(brokerCode.invalidRequest)
      if (this.refusal !== brokerCode.none) return answer(this.refusal)
      if (this.isOthers || this.#member !== undefined) return answer(brokerCode.unreleasedInstanceId)
      this.#member = memberId
      this.#epoch++
      this.#previous = 0
      this.#assigned = this.target
      return this.#granted(this.#epoch, tasksOf(this.#assigned))
    }
    if (!isOwn) {
      this.#member = undefined
      return answer(this.isOthers ? brokerCode.fencedInstanceId : brokerCode.unknownMemberId)
    }
    const isFormer = memberEpoch === this.#previous && tasks !== null
    if (memberEpoch !== this.#epoch && !isFormer) return answer(brokerCode.fencedMemberEpoch)
    if (this.target === this.#assigned) return this.#granted(this.#epoch)
    this.#previous = this.#epoch
    this.#epoch++
    this.#assigned = this.target
    return this.#granted(this.#epoch, tasksOf(this.#assigned))
  }

  #committed(): object {
    return {
      topics: [{ name: 'topic', partitions: [{ partitionIndex: 0, errorCode: this.commitRefusal }] }]
    }
  }

  #granted(memberEpoch: number, tasks: StreamsTasks | null = null): StreamsHeartbeatAnswer {
    return { ...answer(brokerCode.none), memberEpoch, tasks, status: this.status }
  }

  #describe(): DescribedStreamsGroup {
    const member = { memberId: this.#member ?? '', instanceId: 'one', assigned: tasksOf(this.#assigned) }
    return { errorCode: 0, errorMessage: null, members: this.#member === undefined ? [] : [member] }
  }
}

export function tasksOf(partitions: readonly number[]): StreamsTasks {
  const active = partitions.length === 0 ? [] : [{ subTopology: '0', partitions: [...partitions] }]
  return { active, standby: [], warmup: [] }
}

function answer(errorCode: number): StreamsHeartbeatAnswer {
  return {
    errorCode,
    errorMessage: null,
    memberEpoch: 0,
    heartbeatIntervalMs: 20,
    taskOffsetIntervalMs: 60_000,
    status: [],
    tasks: null,
    endpointEpoch: -1,
    endpoints: null
  }
}
