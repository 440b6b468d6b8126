import type {
  AssignableTask,
  AssignmentMember,
  AssignorSettings,
  TaskAssignment,
  TaskShare
} from './assignment.ts'
import { spread } from './spread.ts'

/**
 * Who runs what, who keeps a copy, and who prepares to take over; after Kafka Streams' HighAvailabilityTaskAssignor (KIP-441):
 *
 * 1. Stateful tasks are spread first, then stateless ones, each within one of all others and with the fewest moves. Moved first are tasks whose state
 *    another process has caught up with, then those it lacks least of; among equals the same part of each sub-topology.
 * 2. A stateful task does not move to a process that lacks more than `acceptableRecoveryLag` records while another has them: it stays there, and its
 *    new home warms up. Then the group joins again.
 * 3. Standbys go to other processes than their active, apart by the rack-aware tags, and rather to where state is already.
 *
 * The same input gives the same answer, whoever leads.
 */
export function assignTasks(
  tasks: readonly AssignableTask[],
  members: readonly AssignmentMember[],
  settings: AssignorSettings
): TaskAssignment {
  if (members.length === 0) return { shares: new Map(), probing: false }
  const inOrder = [...tasks].sort(byId)
  const stateful = inOrder.filter((task) => task.stateful)
  const plan = new Assignment([...members].sort(byId).map(withoutLagWhereActive), settings)
  plan.placeActive(
    stateful,
    inOrder.filter((task) => !task.stateful)
  )
  const fair = Math.ceil((stateful.length * settings.numStandbyReplicas) / members.length)
  for (const { id } of stateful) plan.placeStandbys(id, fair)
  return plan.result()
}

interface Draft {
  active: string[]
  standby: string[]
  warmup: string[]
}

class Assignment {
  readonly #members: readonly AssignmentMember[]
  readonly #settings: AssignorSettings
  readonly #drafts: Map<string, Draft>
  /** Processes that have each task in some role. */
  readonly #holders = new Map<string, AssignmentMember[]>()
  #warmups = 0
  #probing = false

  constructor(members: readonly AssignmentMember[], settings: AssignorSettings) {
    this.#members = members
    this.#settings = settings
    this.#drafts = new Map(members.map(({ id }) => [id, { active: [], standby: [], warmup: [] }]))
  }

  placeActive(stateful: readonly AssignableTask[], stateless: readonly AssignableTask[]): void {
    const loads = new Map<string, number>()
    const homes = spread(stateful, this.#members, loads, ({ id }, member) =>
      this.#isReady(id, member) ? 0 : lagOf(id, member)
    )
    for (const task of stateful) this.#settle(task.id, homes.get(task.id))
    const places = spread(stateless, this.#members, loads, () => 0)
    for (const { id } of stateless) this.#add(id, places.get(id), 'active')
  }

  /** @param fair copies that a member should have at most */
  placeStandbys(task: string, fair: number): void {
    for (let copy = 0; copy < this.#settings.numStandbyReplicas; copy++) {
      const holders = this.#holders.get(task) ?? []
      const taken = new Set(holders.map(({ processId }) => processId))
      let best: { readonly member: AssignmentMember; readonly rank: readonly number[] } | undefined
      for (const member of this.#members) {
        if (taken.has(member.processId)) continue
        const rank = this.#standbyRank(task, member, holders, fair)
        if (best === undefined || less(rank, best.rank)) best = { member, rank }
      }
      if (best === undefined) return
      this.#add(task, best.member, 'standby')
    }
  }

  result(): TaskAssignment {
    return { shares: this.#drafts satisfies ReadonlyMap<string, TaskShare>, probing: this.#probing }
  }

  /** Makes the task active at its home, or where its state is for as long as the home warms up. */
  #settle(task: string, home: AssignmentMember | undefined): void {
    const ready = this.#members.filter((member) => this.#isReady(task, member))
    if (
      home === undefined ||
      ready.length === 0 ||
      ready.some(({ processId }) => processId === home.processId)
    ) {
      this.#add(task, home, 'active')
      return
    }
    const place =
      ready.find(({ active }) => active.includes(task)) ??
      ready.reduce((best, one) => (this.#count(one) < this.#count(best) ? one : best))
    this.#add(task, place, 'active')
    this.#probing = true
    if (this.#warmups >= this.#settings.maxWarmupReplicas) return
    this.#warmups++
    this.#add(task, home, 'warmup')
  }

  #isReady(task: string, member: AssignmentMember): boolean {
    return lagOf(task, member) <= this.#settings.acceptableRecoveryLag
  }

  #count(member: AssignmentMember): number {
    return this.#drafts.get(member.id)?.active.length ?? 0
  }

  /** Fewer tags shared, then less above the fair number of copies, then less to restore, then who has it, then fewer copies. */
  #standbyRank(
    task: string,
    member: AssignmentMember,
    holders: readonly AssignmentMember[],
    fair: number
  ): number[] {
    const shared = this.#settings.rackAwareTags.reduce(
      (sum, tag) => sum + holders.filter((holder) => holder.tags[tag] === member.tags[tag]).length,
      0
    )
    const { standby, warmup } = this.#drafts.get(member.id) as Draft
    const copies = standby.length + warmup.length
    const elsewhere = Number(!member.standby.includes(task))
    return [shared, Math.max(0, copies + 1 - fair), lagOf(task, member), elsewhere, copies]
  }

  #add(task: string, member: AssignmentMember | undefined, role: keyof Draft): void {
    if (member === undefined) return
    this.#drafts.get(member.id)?.[role].push(task)
    const holders = this.#holders.get(task)
    if (holders === undefined) this.#holders.set(task, [member])
    else holders.push(member)
  }
}

/** Records that the member's process would have to restore; infinite when it has nothing. */
function lagOf(task: string, member: AssignmentMember): number {
  return member.lags.get(task) ?? Number.POSITIVE_INFINITY
}

function withoutLagWhereActive(member: AssignmentMember): AssignmentMember {
  const lags = new Map(member.lags)
  for (const task of member.active) lags.set(task, 0)
  return { ...member, lags }
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

function less(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, index) => value !== b[index])
  return at >= 0 && (a[at] as number) < (b[at] as number)
}
