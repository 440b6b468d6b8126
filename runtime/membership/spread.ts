import { partsOfTaskId } from '../task-id.ts'
import type { AssignableTask, AssignmentMember } from './assignment.ts'

/** How badly a member suits a task it does not run: the least is the best. */
export type Cost = (task: AssignableTask, member: AssignmentMember) => number

/**
 * Gives each task one member so that the members' loads, those they have already included, differ by at most one. No fewer tasks could
 * move: a member keeps what it runs up to its fair share, and the larger shares go to those who run most. Given up first is what another member
 * could take over at the least cost; at equal cost the same part of each sub-topology, because their work differs.
 *
 * @param loads tasks that each member has from an earlier spread, which differ by at most one; raised by what it is given here
 */
export function spread(
  tasks: readonly AssignableTask[],
  members: readonly AssignmentMember[],
  loads: Map<string, number>,
  cost: Cost
): Map<string, AssignmentMember> {
  const load = (member: AssignmentMember) => loads.get(member.id) ?? 0
  const room = fairShares(tasks, members, load)
  const given = new Map<string, AssignmentMember>()
  const give = (task: AssignableTask, member: AssignmentMember) => {
    given.set(task.id, member)
    loads.set(member.id, load(member) + 1)
    room.set(member.id, (room.get(member.id) as number) - 1)
  }
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const sizes = new Map<string, number>()
  for (const task of tasks) sizes.set(subTopologyOf(task), (sizes.get(subTopologyOf(task)) ?? 0) + 1)
  let givenUp = 0
  for (const member of members) {
    const others = members.filter((other) => other !== member)
    const cheapest = (task: AssignableTask) => Math.min(...others.map((other) => cost(task, other)))
    const owned = member.active.flatMap((id) => byId.get(id) ?? []).filter(({ id }) => !given.has(id))
    const kept = room.get(member.id) as number
    if (owned.length <= kept) {
      for (const task of owned) give(task, member)
      continue
    }
    for (const task of keptFirst(owned, sizes, cheapest, givenUp).slice(0, kept)) give(task, member)
    givenUp += owned.length - kept
  }
  for (const task of tasks) {
    if (given.has(task.id)) continue
    let best: AssignmentMember | undefined
    for (const member of members) {
      if (room.get(member.id) === 0) continue
      if (best === undefined || compare(cost(task, member), cost(task, best), load(member), load(best)) < 0)
        best = member
    }
    if (best !== undefined) give(task, best)
  }
  return given
}

/** How many more tasks each member may have: all tasks fit, and the loads differ by at most one. */
function fairShares(
  tasks: readonly AssignableTask[],
  members: readonly AssignmentMember[],
  load: (member: AssignmentMember) => number
): Map<string, number> {
  const ids = new Set(tasks.map(({ id }) => id))
  const total = members.reduce((sum, member) => sum + load(member), tasks.length)
  const share = Math.floor(total / members.length)
  let larger = total % members.length
  const would = new Map(
    members.map((member) => [member.id, load(member) + member.active.filter((id) => ids.has(id)).length])
  )
  const room = new Map<string, number>()
  // who has a larger load already has no choice
  const order = [...members].sort(
    (a, b) =>
      Number(load(b) > share) - Number(load(a) > share) ||
      (would.get(b.id) as number) - (would.get(a.id) as number)
  )
  for (const member of order) room.set(member.id, share + (larger-- > 0 ? 1 : 0) - load(member))
  return room
}

/**
 * The dearest for others first; among equals, each beginning has alike large parts of all their sub-topologies.
 *
 * @param sizes how many tasks each sub-topology has, those of other members included
 * @param turn which sub-topology begins a round: members with different ones do not all give up tasks of the same sub-topologies
 */
function keptFirst(
  tasks: readonly AssignableTask[],
  sizes: ReadonlyMap<string, number>,
  cheapest: (task: AssignableTask) => number,
  turn: number
): readonly AssignableTask[] {
  const bySubTopology = Map.groupBy(
    tasks.map((task) => ({ task, price: cheapest(task) })),
    ({ task }) => subTopologyOf(task)
  )
  return [...bySubTopology]
    .flatMap(([subTopology, ofOne], index) =>
      ofOne
        .sort((a, b) => compare(b.price, a.price, 0, 0))
        .map((priced, at) => ({
          ...priced,
          place: (at + 0.5) / (sizes.get(subTopology) as number),
          turn: (index + turn) % bySubTopology.size
        }))
    )
    .sort((a, b) => compare(b.price, a.price, a.place, b.place) || a.turn - b.turn)
    .map(({ task }) => task)
}

function subTopologyOf(task: AssignableTask): string {
  return partsOfTaskId(task.id).subTopology
}

/** Infinite costs are equal. */
function compare(costA: number, costB: number, loadA: number, loadB: number): number {
  return costA === costB ? loadA - loadB : costA < costB ? -1 : 1
}
