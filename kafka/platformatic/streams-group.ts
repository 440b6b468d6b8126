import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { hasCode, StreamsError } from '../../core/errors.ts'
import type { TopicPartition } from '../../core/record.ts'
import type { GroupMetadata, GroupOffset } from '../port/group.ts'
import type {
  StreamsEndpoint,
  StreamsGroupMember,
  StreamsGroupOptions,
  StreamsTasks,
  TaskOffset
} from '../port/streams-group.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'
import { defaultChannel } from './connections.ts'
import { Coordinator } from './coordinator.ts'
import { brokerCode } from './errors.ts'
import { commitOffsets, fetchOffsets, type Membership } from './group-offsets.ts'
import { closed, pausing, retrying, ticks } from './retry.ts'
import { describedMembers } from './streams-described.ts'
import {
  type StreamsHeartbeat,
  type StreamsHeartbeatAnswer,
  streamsGroupHeartbeat
} from './streams-heartbeat-api.ts'
import { type GroupProblem, problemOf, refusalOf } from './streams-status.ts'

const noTasks: StreamsTasks = Object.freeze({ active: [], standby: [], warmup: [] })
/** How long brokers may be away during one call. */
const withinMs = 60_000
const stableWithinMs = 120_000
const joinEpoch = 0
const leaveEpoch = -1
const leaveForAWhileEpoch = -2
const leaveWithinMs = 5_000

/**
 * A member of a streams group. Heartbeats go both ways: they bring assignments, and tell what this member has.
 *
 *   join (epoch 0) -> heartbeats (epoch given by the broker) -> lost (epoch fenced, or silent for a session) -> join ...
 */
export class StreamsMember implements StreamsGroupMember {
  readonly #options: StreamsGroupOptions
  readonly #cluster: Cluster
  readonly #coordinator: Coordinator
  readonly #memberId = randomUUID()
  #epoch = joinEpoch
  /** The group may have a place for this member from its first join on, before that is answered. */
  #asked = false
  #assigned = noTasks
  /** An answer was lost, and with it perhaps what is assigned: the broker tells that once. */
  #unsure = false
  #endpoints: readonly StreamsEndpoint[] = []
  #endpointEpoch = -1
  #owned = noTasks
  /** What the broker has not been told yet. */
  #untold: { tasks?: StreamsTasks } = {}
  /** Told with each heartbeat from then on, as by Kafka's client: one may be lost, and a coordinator that takes over does not know of it. */
  #shutsDown = false
  /** As the broker was told last. */
  #offsets: readonly TaskOffset[] | undefined
  #offsetsAt = 0
  #offsetIntervalMs = 60_000
  #intervalMs = 5_000
  #heardAt = 0
  /** Each join begins another one; what is answered to a former one counts no more. */
  #life = 0
  /** Meanwhile no other heartbeat may be sent: the broker would take it for the join, or the join for a heartbeat. */
  #joining = false
  #loop: Promise<void> | undefined
  #wake = new AbortController()
  #closed = false
  /** Why this member has no place any more; a join may get it one. */
  #lost: string | undefined
  #failure: StreamsError | undefined
  /** Since when the broker reports a problem, without a pause. */
  #troubledAt: number | undefined

  constructor(options: StreamsGroupOptions, clusterOptions: ClusterOptions) {
    this.#options = options
    this.#cluster = new Cluster(options.clientId, clusterOptions)
    this.#coordinator = new Coordinator(this.#cluster, options.groupId)
  }

  async join(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.#joining = true
    this.#life++
    try {
      await this.#join()
    } finally {
      this.#joining = false
      this.#wake.abort()
    }
    this.#loop ??= this.#run()
  }

  async #join(): Promise<void> {
    // the place of an instance that has not left is refused until its session ends, to itself, too
    await this.#leave(false)
    this.#lost = undefined
    this.#epoch = joinEpoch
    this.#owned = noTasks
    this.#assigned = noTasks
    this.#unsure = false
    this.#untold = {}
    this.#endpointEpoch = -1
    const { instanceId, processId, topology, tags, endpoint, rebalanceTimeoutMs } = this.#options
    const first = { instanceId, processId, topology, tags, endpoint, rebalanceTimeoutMs, tasks: noTasks }
    await retrying(withinMs, this.#cluster.signal, async () => {
      if (this.#closed) throw closed()
      this.#asked = true
      this.#offsets = undefined
      const answer = await this.#beat({ ...first, offsets: this.#newOffsets() })
      // it leaves, or has left, the place that it was given
      if (this.#closed) throw closed()
      if (answer.errorCode === brokerCode.unreleasedInstanceId) {
        // the place may be this very member's, when an answer was lost; another's is not touched: its session ends by itself
        const left = await this.#beat({ memberEpoch: leaveForAWhileEpoch })
        if (left.errorCode === brokerCode.fencedInstanceId && this.#loop !== undefined) {
          // it was in the group: no process before this one has the place, but one that came after
          this.#failure = this.#refusal(left)
          throw this.#failure
        }
        throw new StreamsError('BROKER_UNAVAILABLE', this.#about('its former member is still there'))
      }
      this.#take(answer)
      this.check()
    })
  }

  assigned(): StreamsTasks {
    return this.#assigned
  }

  owns(tasks: StreamsTasks): void {
    this.#owned = tasks
    this.#untold.tasks = tasks
    this.#wake.abort()
  }

  endpoints(): readonly StreamsEndpoint[] {
    return this.#endpoints
  }

  async instances(): Promise<readonly string[]> {
    const members = await retrying(withinMs, this.#cluster.signal, () =>
      describedMembers(this.#coordinator, this.#options.groupId)
    )
    return members.flatMap(({ instanceId }) => instanceId ?? [])
  }

  shutDownApplication(): void {
    this.#shutsDown = true
    this.#wake.abort()
  }

  check(): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#lost === undefined && this.#loop !== undefined && this.#silentMs() > withinMs)
      this.#lost = `it heard nothing of its group for ${withinMs} ms`
    if (this.#lost !== undefined) throw new StreamsError('GROUP_REBALANCE', this.#about(this.#lost))
  }

  /** How long a session is only the broker knows: a silence is none before `withinMs`. */
  inPlace(): boolean {
    return !this.#isOut() && this.#epoch > 0 && this.#silentMs() <= withinMs
  }

  metadata(): GroupMetadata {
    const { groupId, instanceId } = this.#options
    // an instance id that is absent is null on the wire; the port has none that is empty
    return { groupId, instanceId: instanceId ?? '', memberId: this.#memberId, generationId: this.#epoch }
  }

  /** The broker accepts a former epoch for tasks that this member has kept, so that a refusal is final. */
  async regains(): Promise<boolean> {
    return false
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly GroupOffset[]> {
    return await retrying(stableWithinMs, this.#cluster.signal, () =>
      fetchOffsets(this.#coordinator, this.#options.groupId, partitions, true)
    )
  }

  async commit(offsets: readonly GroupOffset[]): Promise<void> {
    this.check()
    if (offsets.length === 0) return
    const refusal = await retrying(withinMs, this.#cluster.signal, () =>
      commitOffsets(this.#coordinator, this.#membership(), offsets)
    )
    if (refusal === undefined) return
    // its own joins do not fence it: they keep its member id
    if (refusal === 'fenced')
      this.#failure = this.#refusal({ errorCode: brokerCode.fencedInstanceId, errorMessage: null })
    else this.#lost = `its offsets were refused in epoch ${this.#epoch} (${refusal})`
    this.check()
  }

  async close(options: { readonly leave?: boolean } = {}): Promise<void> {
    this.#closed = true
    this.#wake.abort()
    await this.#loop
    // the group keeps the request until all have left: who starts next would be told, too
    const shutsDown = this.#failure?.code === 'APPLICATION_SHUTDOWN'
    await this.#leave(shutsDown || options.leave === true)
    await this.#cluster.close()
  }

  /** If it may be in the group. Static members keep their place for the session, unless they leave `forGood`. */
  async #leave(forGood: boolean): Promise<void> {
    if (!this.#asked) return
    const memberEpoch = this.#options.instanceId === null || forGood ? leaveEpoch : leaveForAWhileEpoch
    this.#epoch = memberEpoch
    try {
      await retrying(leaveWithinMs, this.#cluster.signal, async () => {
        const answer = await this.#beat({ memberEpoch }, leaveWithinMs)
        if (answer.errorCode !== 0) throw this.#refusal(answer)
      })
    } catch {
      // it has no place any more, or the brokers are away: the session ends by itself
    }
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      if (this.#untold.tasks === undefined || this.#isOut())
        await pausing(this.#intervalMs, AbortSignal.any([this.#wake.signal, this.#cluster.signal]))
      this.#wake = new AbortController()
      if (this.#closed) return
      if (!this.#isOut()) await this.#tell()
    }
  }

  /** It has no place in the group for which to send heartbeats; not after a join that failed, either. */
  #isOut(): boolean {
    return (
      this.#epoch <= joinEpoch || this.#joining || this.#lost !== undefined || this.#failure !== undefined
    )
  }

  async #tell(): Promise<void> {
    const untold = this.#untold
    const life = this.#life
    this.#untold = {}
    try {
      const answer = await this.#beat({
        tasks: untold.tasks ?? null,
        offsets: this.#newOffsets()
      })
      if (life !== this.#life) return
      this.#take(answer)
      if (this.#unsure) await this.#makeSure(answer, life)
    } catch (error) {
      if (life !== this.#life) return
      this.#unsure = true
      // an answer may be lost after the broker acted on it: everything is told again
      this.#untold = { tasks: this.#owned, ...this.#untold }
      this.#offsets = undefined
      if (!(error instanceof StreamsError) || error.code === 'BROKER_UNAVAILABLE')
        await pausing(Math.min(1_000, this.#intervalMs), this.#cluster.signal)
      else this.#failure = error
    }
  }

  /** After a lost answer: asks what is assigned, unless the broker has just told it. Nothing changes meanwhile: only heartbeats change it. */
  async #makeSure({ tasks }: StreamsHeartbeatAnswer, life: number): Promise<void> {
    if (tasks === null && this.#lost === undefined) {
      const members = await describedMembers(this.#coordinator, this.#options.groupId).catch((error) => {
        if (hasCode(error, 'BROKER_UNAVAILABLE')) throw error
        // who may not ask joins anew
        return []
      })
      if (life !== this.#life) return
      const assigned = members.find(({ memberId }) => memberId === this.#memberId)?.assigned
      if (assigned === undefined) this.#lost = 'an answer of its group was lost, and it is not told of it'
      else if (!isDeepStrictEqual(assigned, this.#assigned)) this.#assigned = assigned
    }
    this.#unsure = false
  }

  #take(answer: StreamsHeartbeatAnswer): void {
    const { errorCode, errorMessage } = answer
    if (errorCode === brokerCode.fencedMemberEpoch || errorCode === brokerCode.unknownMemberId) {
      this.#lost = errorMessage ?? 'the group does not know it any more'
      return
    }
    if (errorCode !== 0) throw this.#refusal(answer)
    this.#heardAt = ticks()
    this.#epoch = answer.memberEpoch
    this.#intervalMs = answer.heartbeatIntervalMs
    this.#offsetIntervalMs = answer.taskOffsetIntervalMs
    if (answer.tasks !== null) this.#assigned = answer.tasks
    this.#endpointEpoch = answer.endpointEpoch
    if (answer.endpoints !== null) this.#endpoints = answer.endpoints
    this.#blame(problemOf(answer.status))
  }

  /** What is to be told now. Null: that was not long ago, or nothing has changed. */
  #newOffsets(): readonly TaskOffset[] | null {
    if (this.#offsets !== undefined && ticks() - this.#offsetsAt < this.#offsetIntervalMs) return null
    const offsets = this.#options.offsets()
    this.#offsetsAt = ticks()
    if (isDeepStrictEqual(offsets, this.#offsets)) return null
    this.#offsets = offsets
    return offsets
  }

  #blame(problem: GroupProblem | undefined): void {
    const since = this.#troubledAt ?? ticks()
    this.#troubledAt = problem === undefined ? undefined : since
    if (problem === undefined || ticks() - since < problem.patienceMs) return
    this.#failure = new StreamsError(problem.code, this.#about(problem.reason))
  }

  #refusal({
    errorCode,
    errorMessage
  }: Pick<StreamsHeartbeatAnswer, 'errorCode' | 'errorMessage'>): StreamsError {
    return refusalOf(errorCode, errorMessage, (what) => this.#about(what))
  }

  async #beat(changes: Partial<StreamsHeartbeat>, timeoutMs = 10_000): Promise<StreamsHeartbeatAnswer> {
    const answer = await this.#coordinator.call(
      'heartbeat',
      { ...defaultChannel, requestTimeoutMs: timeoutMs },
      streamsGroupHeartbeat[1],
      {
        groupId: this.#options.groupId,
        memberId: this.#memberId,
        memberEpoch: this.#epoch,
        endpointEpoch: this.#endpointEpoch,
        instanceId: this.#options.instanceId,
        rebalanceTimeoutMs: -1,
        topology: null,
        tasks: null,
        processId: null,
        tags: null,
        endpoint: null,
        offsets: null,
        shutdownApplication: this.#shutsDown,
        ...changes
      }
    )
    this.#coordinator.note(answer.errorCode)
    return answer
  }

  #membership(): Membership {
    const { groupId, instanceId } = this.#options
    return { groupId, instanceId, memberId: this.#memberId, generation: this.#epoch }
  }

  #silentMs(): number {
    return ticks() - this.#heardAt
  }

  #about(what: string): string {
    return `streams group '${this.#options.groupId}', member ${this.#memberId}: ${what}`
  }
}
