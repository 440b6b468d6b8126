import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../core/clock.ts'
import { hasCode, StreamsError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { TopicPartition } from '../../core/record.ts'
import type { GroupMember, GroupMetadata, GroupOffset } from '../../kafka/port/group.ts'
import type { GroupAssignor } from '../../kafka/port/group-assignor.ts'
import { Backoff } from '../backoff.ts'
import type { TaskPlan } from '../task-plan.ts'
import { type AssignorSettings, noTasks, sameShare, type TaskShare } from './assignment.ts'
import type { ClientMetadata } from './client-metadata.ts'
import { decodeShareInfo, type ShareInfo } from './member-info.ts'
import type { Membership } from './membership.ts'
import type { PartitionWatch } from './partition-watch.ts'
import { TaskAssignor } from './task-assignor.ts'

/** How often copies are looked at that will become active here, ms. */
const WARM_CHECK_MS = 100
/**
 * How long those who wait for tasks leave it to their owners to join without them, ms. An owner that was replaced meanwhile knows nothing of
 * it, and a broker begins no round for a static member that comes back.
 */
const WITHHELD_PAUSE_MS = 1_000
/** How often, and with what pauses between, all members are asked to stop, ms. */
const SHUTDOWN_TURNS = 3
const SHUTDOWN_PAUSE_MS = 500

export interface ClassicMembershipParts {
  readonly group: (assignor: GroupAssignor) => GroupMember
  readonly tasks: readonly TaskPlan[]
  /** See `graphFingerprint`. */
  readonly topology: string
  readonly processId: string
  readonly tags: Readonly<Record<string, string>>
  /** `host:port` for queries; empty: none. */
  readonly endpoint: string
  readonly settings: AssignorSettings
  readonly probingIntervalMs: number
  /** Changelog records that this process lacks, by task; what it has nothing of is not named. */
  readonly lags: () => ReadonlyMap<string, number>
  /** Called by the leader after each round, with the instance ids of the members; the next one waits for it. Never rejects. */
  readonly afterRound: (present: ReadonlySet<string>) => Promise<void>
  readonly partitions: PartitionWatch
  readonly clock: Clock
  readonly logger: Logger
}

/** Membership over the classic protocol, whose leader assigns: cooperative rounds (KIP-429) with warm-ups and probing (KIP-441). */
export class ClassicMembership implements Membership {
  readonly #parts: ClassicMembershipParts
  readonly #group: GroupMember
  readonly #known: ReadonlySet<string>
  readonly #backoff = new Backoff(100, 10_000)
  #assigned = noTasks
  #owned = noTasks
  #clients: readonly ClientMetadata[] = []
  /** A group that was told this member's endpoint and does not tell it on is not told again. */
  #toldEndpoint = false
  /** What it ran when it had to start over: as warm as can be. */
  #dropped: readonly string[] = []
  /** The share that was assigned last is in force. */
  #settled = false
  #joining: Promise<void> | undefined
  #failure: unknown
  /** Set by a round that this member leads. */
  #present: ReadonlySet<string> | undefined
  #afterRound: Promise<void> = Promise.resolve()
  #stint = 0
  #round = 0
  #wanted = false
  #notBefore = Number.NEGATIVE_INFINITY
  #probeAt = Number.POSITIVE_INFINITY
  #claimAt = Number.POSITIVE_INFINITY
  #warmCheckAt = Number.POSITIVE_INFINITY
  #refused = false
  #shutsDown = false
  #closed = false

  constructor(parts: ClassicMembershipParts) {
    this.#parts = parts
    this.#known = new Set(parts.tasks.map(({ id }) => id))
    this.#group = parts.group(
      new TaskAssignor({
        ...parts,
        onMembers: (present) => {
          this.#present = present
        },
        owned: () => ({
          round: this.#round,
          active: [...this.#owned.active],
          standby: [...this.#owned.standby, ...this.#owned.warmup],
          ...(this.#shutsDown ? { shutdown: true } : {}),
          lags: {
            ...Object.fromEntries(parts.lags()),
            ...Object.fromEntries(this.#dropped.map((id) => [id, 0]))
          }
        })
      })
    )
  }

  async join(): Promise<void> {
    await this.#joining
    this.#failure = undefined
    this.#settled = false
    if (this.#owned.active.length > 0) this.#dropped = this.#owned.active
    this.#owned = noTasks
    await this.#rounds()
    this.#dropped = []
    this.#stint = this.#group.stint()
  }

  assigned(): TaskShare {
    return this.#assigned
  }

  clients(): readonly ClientMetadata[] {
    return this.#clients
  }

  poll(): void {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#joining !== undefined || !this.#settled) return
    this.#group.check()
    this.#parts.partitions.check()
    const now = this.#parts.clock.now()
    if (now < this.#notBefore) return
    const isDue = now >= this.#probeAt || now >= this.#claimAt
    if (this.#wanted || isDue || this.#group.rejoinNeeded() || this.#isWarm(now))
      this.#joining = this.#rejoin().finally(() => {
        this.#joining = undefined
      })
  }

  inPlace(): boolean {
    return this.#failure === undefined && this.#group.stint() === this.#stint && this.#group.inPlace()
  }

  owns(share: TaskShare): void {
    const gaveUp = this.#owned.active.some((id) => !share.active.includes(id))
    // somebody waits for it
    if (gaveUp) this.#wanted = true
    this.#owned = share
    this.#settled = true
  }

  metadata(): GroupMetadata {
    this.#mustHaveStayed()
    return this.#group.metadata()
  }

  async regains(offsets: readonly GroupOffset[], refused: GroupMetadata): Promise<boolean> {
    return this.#group.stint() === this.#stint && (await this.#group.regains(offsets, refused))
  }

  committed(partitions: readonly TopicPartition[]): Promise<readonly GroupOffset[]> {
    return this.#group.committed(partitions)
  }

  async commit(offsets: readonly GroupOffset[]): Promise<void> {
    this.#mustHaveStayed()
    await this.#group.commit(offsets)
  }

  async shutDownApplication(): Promise<void> {
    this.#shutsDown = true
    let told: unknown
    // a member that joins again while the first ones leave may miss it
    for (let turn = 0; turn < SHUTDOWN_TURNS; turn++) {
      await this.join().catch((error) => {
        if (!hasCode(error, 'APPLICATION_SHUTDOWN')) throw error
        told = error
      })
      await setTimeout(SHUTDOWN_PAUSE_MS)
    }
    throw told
  }

  async close(options?: { readonly leave?: boolean }): Promise<void> {
    this.#closed = true
    // a member that was refused is of no use to the group
    await this.#group.close({ leave: this.#refused || options?.leave === true })
  }

  /** In the background: never rejects. */
  async #rejoin(): Promise<void> {
    try {
      await this.#rounds()
      this.#backoff.reset()
      this.#mustHaveStayed()
    } catch (error) {
      if (this.#closed) return
      if (error instanceof StreamsError && error.code === 'BROKER_UNAVAILABLE') {
        const delay = this.#backoff.next()
        this.#wanted = true
        this.#notBefore = this.#parts.clock.now() + delay
        this.#parts.logger.warn(`${error.message}; joining again in ${Math.round(delay)} ms`)
      } else this.#failure = error
    }
  }

  /** Joins until this member was told what to do by a leader of its kind. */
  async #rounds(): Promise<void> {
    const { topology } = this.#parts
    for (let turn = 0; ; turn++) {
      this.#round++
      this.#wanted = false
      // nobody who comes with this round is meant by what follows the last one
      await this.#afterRound
      const info = decodeShareInfo((await this.#group.join()).userData)
      if (this.#present !== undefined) this.#afterRound = this.#parts.afterRound(this.#present)
      this.#present = undefined
      if (info?.shutdown === true) throw this.#shutdown()
      if (info?.problem === null && info.topology === topology) return this.#take(info)
      // the first answer may be one that was meant for a former process of this name
      if (turn > 0) throw this.#refusal(info)
    }
  }

  #take(info: ShareInfo): void {
    const { clock, probingIntervalMs } = this.#parts
    const { active, standby, warmup } = info
    const unknown = [...active, ...standby, ...warmup].find((id) => !this.#known.has(id))
    if (unknown !== undefined)
      throw new StreamsError(
        'TOPIC_MISMATCH',
        `the group has a task ${unknown} that this process does not know: a topic has had partitions added since it was started; start it again`
      )
    this.#clients = info.clients
    this.#tellEndpoint()
    const now = clock.now()
    this.#probeAt = info.probing ? now + probingIntervalMs : Number.POSITIVE_INFINITY
    this.#claimAt = info.withheld === true ? now + WITHHELD_PAUSE_MS : Number.POSITIVE_INFINITY
    this.#warmCheckAt = warmup.length > 0 ? now : Number.POSITIVE_INFINITY
    const share = { active, standby, warmup }
    if (sameShare(share, this.#assigned)) return
    this.#settled = false
    this.#assigned = share
  }

  /** A static member that comes back takes its place without a round: the others would not learn of an endpoint that is new. */
  #tellEndpoint(): void {
    const { endpoint } = this.#parts
    if (this.#toldEndpoint || endpoint === '' || this.#clients.some((one) => one.endpoint === endpoint))
      return
    this.#toldEndpoint = true
    this.#wanted = true
  }

  /** Nobody need wait for the next probe when all copies that are to become active here are warm. Once per round: the leader may see it otherwise. */
  #isWarm(now: number): boolean {
    if (now < this.#warmCheckAt) return false
    this.#warmCheckAt = now + WARM_CHECK_MS
    const { settings, lags } = this.#parts
    const found = lags()
    const warm = this.#owned.warmup.every(
      (id) => (found.get(id) ?? Number.POSITIVE_INFINITY) <= settings.acceptableRecoveryLag
    )
    if (warm) this.#warmCheckAt = Number.POSITIVE_INFINITY
    return warm
  }

  /** What was done as a former member must not be committed as the new one. */
  #mustHaveStayed(): void {
    if (this.#group.stint() !== this.#stint)
      throw new StreamsError(
        'GROUP_REBALANCE',
        'the group went on without this member, and its tasks may be others’ now'
      )
  }

  #shutdown(): StreamsError {
    // nobody who starts later must find this answer
    this.#refused = true
    return new StreamsError(
      'APPLICATION_SHUTDOWN',
      'a member asked the whole application to stop; its log says why'
    )
  }

  #refusal(info: ShareInfo | undefined): StreamsError {
    this.#refused = true
    return info === undefined
      ? new StreamsError(
          'CONFIG_INVALID',
          'the leader of the group assigns no tasks: it is another kind of application; give this one an application id of its own'
        )
      : new StreamsError(
          'TOPOLOGY_CHANGED',
          'the leader of the group runs another graph: members of one application must have the same; stop the old ones first, or give the new graph an application id of its own'
        )
  }
}
