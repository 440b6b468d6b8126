import { partsOfTaskId } from '../task-id.ts'
import type { AssignableTask, AssignmentMember } from './assignment.ts'

/** How badly a member suits a task it does not run: the least is the best. */
export type Cost = (task: AssignableTask, member: AssignmentMember) => number

/**
 * Gives each task one member so that the members' loads, those they have already included, differ by at most one. No fewer tasks could
 * move: a member keeps what it runs up to its fair share, and the larger shares go to those who run most. A member that gives tasks up keeps
 * alike many of each sub-topology, because their work differs: a new member relieves it of some of each.
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
  for (const member of members) {
    // given up first is what another member could take over at the least cost
    const others = members.filter((other) => other !== member)
    const cheapest = (task: AssignableTask) => Math.min(...others.map((other) => cost(task, other)))
    const owned = member.active.flatMap((id) => byId.get(id) ?? []).filter(({ id }) => !given.has(id))
    const kept =
      owned.length > (room.get(member.id) as number)
        ? subTopologiesInTurn(owned.sort(descending(cheapest)))
        : owned
    for (const task of kept) if ((room.get(member.id) as number) > 0) give(task, member)
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

/** The first task of each sub-topology, then the second of each, and so on. */
function subTopologiesInTurn(tasks: readonly AssignableTask[]): readonly AssignableTask[] {
  const counts = new Map<string, number>()
  const turns: AssignableTask[][] = []
  for (const task of tasks) {
    const { subTopology } = partsOfTaskId(task.id)
    const turn = counts.get(subTopology) ?? 0
    counts.set(subTopology, turn + 1)
    turns[turn] ??= []
    turns[turn].push(task)
  }
  return turns.flat()
}

function descending(by: (task: AssignableTask) => number): (a: AssignableTask, b: AssignableTask) => number {
  return (a, b) => compare(by(b), by(a), 0, 0)
}

/** Infinite costs are equal. */
function compare(costA: number, costB: number, loadA: number, loadB: number): number {
  return costA === costB ? loadA - loadB : costA < costB ? -1 : 1
}
