import { joinGroupV9, syncGroupV5 } from '@platformatic/kafka'
import { StreamsError } from '../../core/errors.ts'
import { partitionName, type TopicPartition } from '../../core/record.ts'
import type { GroupMember, GroupMetadata, GroupOffset, GroupOptions } from '../port/group.ts'
import { type GroupAssignor, roundRobin, type Share, type Subscriber } from '../port/group-assignor.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'
import type { ChannelOptions } from './connections.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription
} from './consumer-protocol.ts'
import { Coordinator } from './coordinator.ts'
import { brokerCode, brokerCodeName, brokerError } from './errors.ts'
import { wasFormer } from './former-member.ts'
import { leaveGroup } from './group-leave.ts'
import { type CommitRefusal, commitOffsets, fetchOffsets, type Membership } from './group-offsets.ts'
import { GroupPlace } from './group-place.ts'
import { Heartbeats } from './heartbeats.ts'
import { Backoff, closed, pausing, retrying, ticks } from './retry.ts'

const protocolType = 'consumer'
const protocolName = 'store-sku'

/** How long the others have to finish their work and join again. */
const rebalanceTimeoutMs = 60_000
/** How long brokers may be away during one call. */
const withinMs = 60_000
/** A transaction whose producer died ends by itself within a minute, unless it was opened for longer. */
const stableWithinMs = 120_000
/** A topic that was just made is not known to all brokers at once. */
const topicWithinMs = 2_000

/** What one round of joining came to. */
type Round = Share | 'again'

/** The port's member of a classic group, static by its instance id. */
export class StaticMember implements GroupMember {
  readonly #options: Required<GroupOptions>
  readonly #cluster: Cluster
  readonly #coordinator: Coordinator
  readonly #joinChannel: ChannelOptions
  readonly #assignor: GroupAssignor
  #memberId = ''
  #generation = -1
  /** The member of the last join, and the number of its stint. */
  #formerId = ''
  #stint = 0
  #stintBegan = -1
  #heartbeats: Heartbeats | undefined
  /** The group may have a place for this member from its first JoinGroup on, long before that is answered. */
  #asked = false
  #closing = false
  #rejoin = false
  /** What the last join gave this member; undefined when it failed. */
  #given: readonly TopicPartition[] | undefined
  /** Under way; never rejects. */
  #joining: Promise<void> | undefined
  #fenced: StreamsError | undefined
  readonly #place: GroupPlace

  constructor(options: GroupOptions, clusterOptions: ClusterOptions) {
    this.#assignor = options.assignor ?? roundRobin
    this.#options = {
      ...options,
      assignor: this.#assignor,
      sessionTimeoutMs: options.sessionTimeoutMs ?? 45_000,
      heartbeatIntervalMs: options.heartbeatIntervalMs ?? 3_000
    }
    this.#place = new GroupPlace({ ...this.#options, rebalanceTimeoutMs })
    this.#cluster = new Cluster(options.clientId, clusterOptions)
    this.#coordinator = new Coordinator(this.#cluster, options.groupId)
    // the broker answers a join only when all others have joined, or have run out of time
    const longest = Math.max(rebalanceTimeoutMs, this.#options.sessionTimeoutMs)
    this.#joinChannel = { requestTimeoutMs: longest + 15_000, maxInflights: 1, waitsForOthers: true }
  }

  async join(): Promise<Share> {
    this.check()
    const joining = this.#join()
    this.#joining = joining.then(
      ({ partitions }) => {
        this.#given = partitions
      },
      () => {
        this.#given = undefined
      }
    )
    try {
      return await joining
    } finally {
      this.#joining = undefined
    }
  }

  async #join(): Promise<Share> {
    this.#place.joins()
    // joining counts as a sign of life; two kinds of them at once would only confuse
    this.#heartbeats?.stop()
    this.#heartbeats = undefined
    const wanted = await this.#wantedPartitions()
    const backoff = new Backoff()
    for (;;) {
      const round = await retrying(withinMs, this.#cluster.signal, () =>
        this.#place.waiting(() => this.#joinOnce(wanted))
      )
      if (round === 'again') {
        await pausing(backoff.next(), this.#cluster.signal)
        continue
      }
      // nobody would stop them
      if (this.#closing) throw closed()
      this.#rejoin = false
      this.#heartbeats = new Heartbeats(this.#coordinator, this.#membership(), {
        intervalMs: this.#options.heartbeatIntervalMs,
        sessionTimeoutMs: this.#options.sessionTimeoutMs
      })
      this.#place.taken(this.#heartbeats)
      return round
    }
  }

  inPlace(): boolean {
    return this.#fenced === undefined && this.#generation >= 0 && this.#place.isHeld
  }

  rejoinNeeded(): boolean {
    const latest = this.#heartbeats?.latest ?? 'fine'
    return this.#rejoin || (latest !== 'fine' && latest !== 'fenced')
  }

  check(): void {
    if (this.#heartbeats?.latest === 'fenced') this.#fence()
    if (this.#fenced !== undefined) throw this.#fenced
  }

  stint(): number {
    return this.#stint
  }

  metadata(): GroupMetadata {
    const { groupId, instanceId } = this.#options
    return { groupId, instanceId, memberId: this.#memberId, generationId: this.#generation }
  }

  async regains(offsets: readonly GroupOffset[], refused: GroupMetadata): Promise<boolean> {
    // between its two requests a join has the new generation already, and is refused for that it is under way
    const waited = this.#joining !== undefined
    await this.#joining
    const given = this.#given
    const isNew = waited || refused.generationId !== this.#generation
    if (given === undefined || !isNew || refused.generationId < this.#stintBegan) return false
    if (refused.memberId !== this.#memberId) return false
    if (this.#assignor.cooperative) return true
    const kept = new Set(given.map(({ topic, partition }) => partitionName(topic, partition)))
    return offsets.every(({ topic, partition }) => kept.has(partitionName(topic, partition)))
  }

  async committed(partitions: readonly TopicPartition[]): Promise<readonly GroupOffset[]> {
    return await retrying(stableWithinMs, this.#cluster.signal, () =>
      fetchOffsets(this.#coordinator, this.#options.groupId, partitions, true)
    )
  }

  async commit(offsets: readonly GroupOffset[]): Promise<void> {
    this.check()
    if (this.#generation < 0) throw this.#rebalance('this member has not joined')
    if (offsets.length === 0) return
    const sentAs = this.metadata()
    let refusal = await this.#tryCommit(offsets)
    if (refusal === 'rebalance' && (await this.regains(offsets, sentAs)))
      refusal = await this.#tryCommit(offsets)
    if (refusal === undefined) return
    if (refusal === 'fenced' && !wasFormer(sentAs, this.metadata())) throw this.#fence()
    this.#rejoin = true
    if (refusal === 'unknown-member' && this.#joining === undefined) {
      this.#memberId = ''
      this.#place.lost()
    }
    throw this.#rebalance(
      refusal === 'unknown-member' ? 'the group has forgotten this member' : 'the group has a new generation'
    )
  }

  async close(options?: { readonly leave?: boolean }): Promise<void> {
    // its own leaving fails a join that waits, which must not be tried again
    this.#closing = true
    this.#heartbeats?.stop()
    try {
      if (options?.leave === true && this.#asked && this.#fenced === undefined)
        await leaveGroup(
          this.#coordinator,
          this.#options.groupId,
          this.#options.instanceId,
          this.#cluster.signal
        )
    } finally {
      this.#generation = -1
      await this.#cluster.close()
    }
  }

  #tryCommit(offsets: readonly GroupOffset[]): Promise<CommitRefusal | undefined> {
    // as who it is now, even if it joins as another meanwhile
    const membership = this.#membership()
    return retrying(
      withinMs,
      this.#cluster.signal,
      () => commitOffsets(this.#coordinator, membership, offsets),
      this.#onRetry
    )
  }

  readonly #onRetry = (): void => this.#cluster.metrics.retry?.('group')

  /** One JoinGroup and SyncGroup. Throws BROKER_UNAVAILABLE for what may pass by itself. */
  async #joinOnce(wanted: readonly TopicPartition[]): Promise<Round> {
    if (this.#closing) throw closed()
    this.#asked = true
    const { groupId, instanceId, topics, sessionTimeoutMs } = this.#options
    const userData = this.#assignor.userData()
    const protocols = [{ name: protocolName, metadata: encodeSubscription({ topics, userData }) }]
    const joined = await this.#coordinator.call(
      'join',
      this.#joinChannel,
      joinGroupV9.api,
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      this.#memberId,
      instanceId,
      protocolType,
      protocols,
      null
    )
    if (joined.errorCode === brokerCode.memberIdRequired) {
      this.#memberId = joined.memberId
      return 'again'
    }
    if (joined.errorCode !== 0) return this.#refused('joining', joined.errorCode)
    const wentOn = joined.memberId !== this.#formerId || joined.generationId > this.#generation + 1
    if (wentOn) this.#stintBegan = joined.generationId
    if (wentOn && this.#formerId !== '') this.#stint++
    this.#formerId = joined.memberId
    this.#memberId = joined.memberId
    this.#generation = joined.generationId
    const leads = joined.leader === joined.memberId
    // A leader that came back gets what was assigned before; the broker then takes no new assignment.
    const assignments = leads && !joined.skipAssignment ? this.#assign(wanted, joined) : []
    const synced = await this.#coordinator.call(
      'join',
      this.#joinChannel,
      syncGroupV5.api,
      groupId,
      joined.generationId,
      joined.memberId,
      instanceId,
      protocolType,
      protocolName,
      assignments
    )
    if (synced.errorCode !== 0) return this.#refused('taking the assignment', synced.errorCode)
    const share = decodeAssignment(synced.assignment)
    // joining once more as a known leader starts a rebalance
    if (leads && joined.skipAssignment && !this.#assignor.stillFits(share, wanted)) return 'again'
    return share
  }

  #assign(
    all: readonly TopicPartition[],
    { members, memberId: leaderId }: joinGroupV9.JoinGroupResponse
  ): syncGroupV5.SyncGroupRequestAssignment[] {
    const subscribers = members.map(
      ({ memberId, groupInstanceId, metadata }): Subscriber => ({
        memberId,
        instanceId: groupInstanceId ?? null,
        ...decodeSubscription(metadata)
      })
    )
    const shares = this.#assignor.assign(all, subscribers, leaderId)
    return members.map(({ memberId }) => ({
      memberId,
      assignment: encodeAssignment(shares.get(memberId) ?? { partitions: [], userData: null })
    }))
  }

  #refused(what: string, code: number): 'again' {
    this.#coordinator.note(code)
    if (code === brokerCode.fencedInstanceId) throw this.#fence()
    if (code === brokerCode.unknownMemberId) {
      this.#memberId = ''
      this.#place.lost()
    }
    if (code === brokerCode.inconsistentGroupProtocol)
      throw new StreamsError(
        'CONFIG_INVALID',
        `group '${this.#options.groupId}' has members of another kind, such as a Java application; give this one a group of its own, or stop them first`
      )
    if (rejoinable.has(code)) return 'again'
    throw brokerError(`${what} in group '${this.#options.groupId}' as '${this.#options.instanceId}'`, code)
  }

  /** Every partition of the topics, by name and number. */
  async #wantedPartitions(): Promise<TopicPartition[]> {
    const deadline = ticks() + topicWithinMs
    const { topics } = this.#options
    for (;;) {
      await retrying(withinMs, this.#cluster.signal, () => this.#cluster.refresh(topics))
      const missing = topics.filter((topic) => this.#cluster.topic(topic) === undefined)
      if (missing.length === 0)
        return [...topics]
          .sort()
          .flatMap((topic) =>
            this.#cluster.topic(topic)!.partitions.map((_, partition) => ({ topic, partition }))
          )
      if (ticks() > deadline)
        throw new StreamsError(
          'TOPIC_MISSING',
          `there is no topic ${missing.map((name) => `'${name}'`).join(', ')}`
        )
      await pausing(100, this.#cluster.signal)
    }
  }

  #membership(): Membership {
    const { groupId, instanceId } = this.#options
    return { groupId, instanceId, memberId: this.#memberId, generation: this.#generation }
  }

  #fence(): StreamsError {
    this.#heartbeats?.stop()
    const { groupId, instanceId } = this.#options
    this.#fenced ??= new StreamsError(
      'GROUP_FENCED',
      `group '${groupId}': another process took the place of '${instanceId}' (${brokerCodeName(brokerCode.fencedInstanceId)})`
    )
    return this.#fenced
  }

  #rebalance(why: string): StreamsError {
    return new StreamsError(
      'GROUP_REBALANCE',
      `group '${this.#options.groupId}': ${why}; commit after joining again`
    )
  }
}

const rejoinable: ReadonlySet<number> = new Set([
  brokerCode.unknownMemberId,
  brokerCode.illegalGeneration,
  brokerCode.rebalanceInProgress
])
