import { partitionName, type TopicPartition } from '../../core/record.ts'
import type { GroupAssignor, Share, Subscriber } from '../../kafka/port/group-assignor.ts'
import type { TaskPlan } from '../task-plan.ts'
import { assignTasks } from './assign-tasks.ts'
import { type AssignmentMember, type AssignorSettings, noTasks, type TaskShare } from './assignment.ts'
import { clientsOf } from './client-metadata.ts'
import {
  decodeMemberInfo,
  decodeShareInfo,
  encodeMemberInfo,
  encodeShareInfo,
  type MemberInfo,
  protocolVersion,
  type ShareInfo
} from './member-info.ts'

export interface TaskAssignorOptions {
  readonly tasks: readonly TaskPlan[]
  /** Tells graphs apart: the same for all members that can share tasks. */
  readonly topology: string
  readonly processId: string
  readonly tags: Readonly<Record<string, string>>
  /** `host:port` for queries; empty: none. */
  readonly endpoint: string
  readonly settings: AssignorSettings
  /** Told the instance ids of all members, when this one leads. */
  readonly onMembers: (present: ReadonlySet<string>) => void
  /** What this member has now. */
  readonly owned: () => Pick<MemberInfo, 'round' | 'active' | 'standby' | 'lags' | 'shutdown'>
}

/** Who runs a task. */
type Owner = Pick<AssignmentMember, 'id' | 'processId'>

/**
 * Cooperative assignment of tasks over the classic group protocol (KIP-429): a member keeps its tasks while it joins, and a task that is to
 * move is given to its new owner only after the old one has joined without it. Whoever gives up a task joins again, so that takes two rounds.
 */
export class TaskAssignor implements GroupAssignor {
  readonly cooperative = true
  readonly #options: TaskAssignorOptions
  readonly #tasks: ReadonlyMap<string, TaskPlan>
  #shutsDown = false

  constructor(options: TaskAssignorOptions) {
    this.#options = options
    this.#tasks = new Map(options.tasks.map((task) => [task.id, task]))
  }

  userData(): Buffer {
    const { processId, topology, tags, endpoint, owned } = this.#options
    const told = { version: protocolVersion, processId, topology, tags: { ...tags }, endpoint }
    return encodeMemberInfo({ ...told, ...owned() })
  }

  assign(
    _all: readonly TopicPartition[],
    subscribers: readonly Subscriber[],
    _leaderId: string
  ): ReadonlyMap<string, Share> {
    const { tasks, topology, settings, onMembers } = this.#options
    onMembers(new Set(subscribers.flatMap(({ instanceId }) => instanceId ?? [])))
    let version = protocolVersion
    const members: (AssignmentMember & { readonly endpoint: string })[] = []
    const shares = new Map<string, Share>()
    const infos = subscribers.map(({ userData }) => decodeMemberInfo(userData))
    this.#shutsDown = infos.some((info) => info?.shutdown === true)
    for (const [index, { memberId }] of subscribers.entries()) {
      const info = infos[index]
      // all must understand what they are told: the lowest common one, as in Kafka Streams
      version = Math.min(version, info?.version ?? version)
      if (info?.topology === topology)
        members.push({ id: memberId, ...info, lags: new Map(Object.entries(info.lags)) })
      else
        shares.set(memberId, { partitions: [], userData: this.#told(noTasks, { problem: 'another graph' }) })
    }
    const assignable = tasks.map(({ id, subTopology }) => ({ id, stateful: subTopology.stores.length > 0 }))
    const assignment = assignTasks(assignable, members, settings)
    const stateful = new Set(assignable.flatMap((task) => (task.stateful ? [task.id] : [])))
    // members with another graph run their tasks until they have read that they are refused
    const owners = new Map<string, Owner>()
    for (const [index, { memberId: id }] of subscribers.entries()) {
      const { active = [], processId = '' } = infos[index] ?? {}
      for (const task of active) owners.set(task, { id, processId })
    }
    const given = withoutOwnedByOthers(assignment.shares, members, owners, (task) => stateful.has(task))
    const withheld = members.some(
      ({ id }) => given.get(id)?.active.length !== assignment.shares.get(id)?.active.length
    )
    const clients = clientsOf(
      members.map(({ id, endpoint }) => {
        const { active, standby, warmup } = given.get(id) ?? noTasks
        return { endpoint, active, standby: [...standby, ...warmup] }
      })
    )
    for (const [id, share] of given)
      shares.set(id, {
        partitions: this.#inputsOf(share.active),
        userData: this.#told(share, {
          version,
          probing: assignment.probing,
          clients,
          ...(withheld ? { withheld } : {})
        })
      })
    return shares
  }

  /**
   * The graph may have changed while the leader was away, and partitions may have been added. Tasks that were to be given up are nobody's now,
   * whether it was this member that had them or another.
   */
  stillFits({ userData }: Share): boolean {
    const info = decodeShareInfo(userData)
    if (info?.withheld === true) return false
    if (info?.shutdown === true || this.#options.owned().shutdown === true) return false
    return info?.topology === this.#options.topology && info.tasks === this.#tasks.size
  }

  #told(
    share: TaskShare,
    more: Partial<Pick<ShareInfo, 'version' | 'probing' | 'clients' | 'problem' | 'withheld'>>
  ): Buffer {
    return encodeShareInfo({
      version: protocolVersion,
      topology: this.#options.topology,
      tasks: this.#tasks.size,
      probing: false,
      clients: [],
      problem: null,
      ...share,
      ...more,
      ...(this.#shutsDown ? { shutdown: true } : {})
    })
  }

  #inputsOf(taskIds: readonly string[]): TopicPartition[] {
    const partitions = new Map<string, TopicPartition>()
    for (const id of taskIds)
      for (const { topic, partition } of this.#tasks.get(id)?.inputs ?? [])
        partitions.set(partitionName(topic, partition), { topic, partition })
    return [...partitions.values()]
  }
}

/**
 * Shares without the tasks that another member still runs: it is told to give them up first. Copies of them are kept warm meanwhile.
 */
function withoutOwnedByOthers(
  shares: ReadonlyMap<string, TaskShare>,
  members: readonly AssignmentMember[],
  owners: ReadonlyMap<string, Owner>,
  isStateful: (task: string) => boolean
): Map<string, TaskShare> {
  const processes = new Map(members.map(({ id, processId }) => [id, processId]))
  return new Map(
    [...shares].map(([id, { active, standby, warmup }]) => {
      const isFree = (task: string) => (owners.get(task)?.id ?? id) === id
      // what another thread of the process runs is warm as it is, and its stores cannot be opened twice
      const isElsewhere = (task: string) => owners.get(task)?.processId !== processes.get(id)
      const awaited = active.filter((task) => !isFree(task) && isStateful(task) && isElsewhere(task))
      return [id, { active: active.filter(isFree), standby, warmup: [...warmup, ...awaited] }]
    })
  )
}
