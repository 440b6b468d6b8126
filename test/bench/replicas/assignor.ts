import { assignTasks } from '../../../runtime/membership/assign-tasks.ts'
import {
  type AssignableTask,
  type AssignmentMember,
  type AssignorSettings,
  noTasks,
  type TaskShare
} from '../../../runtime/membership/assignment.ts'
import type { Figures } from '../case.ts'

export interface AssignorSize {
  readonly tasks: number
  readonly members: number
}

/** The clock of CPU time is coarse. */
const enoughMs = 200
const settings: AssignorSettings = {
  numStandbyReplicas: 1,
  maxWarmupReplicas: 2,
  acceptableRecoveryLag: 10_000,
  rackAwareTags: ['zone']
}

/** What the leader pays for a round: the first one, one in which nothing changes, and one with a member that is new. */
export async function assignor({ tasks: count, members: size }: AssignorSize): Promise<Figures> {
  // every other task is stateful
  const tasks = Array.from(
    { length: count },
    (_, n): AssignableTask => ({ id: `0_${n}`, stateful: n % 2 === 0 })
  )
  const nobody = Array.from({ length: size }, (_, n) => memberWith(n, undefined))
  const first = assignTasks(tasks, nobody, settings)
  const holders = nobody.map(({ id }, n) => memberWith(n, first.shares.get(id)))
  const oneMore = [...holders, memberWith(size, undefined)]
  const each = {
    'first ms': cost(tasks, nobody),
    'steady ms': cost(tasks, holders),
    'new member ms': cost(tasks, oneMore)
  }
  return { ...each, 'ns/(task·member)': (each['new member ms'] * 1e6) / (count * size) }
}

function memberWith(n: number, share: TaskShare | undefined): AssignmentMember {
  const { active, standby } = share ?? noTasks
  const lags = new Map([...active, ...standby].map((task) => [task, 0]))
  const id = `member-${String(n).padStart(4, '0')}`
  return { id, processId: id, active, standby, lags, tags: { zone: `zone-${n % 3}` } }
}

/** CPU milliseconds of one assignment, once the code is warm. */
function cost(tasks: readonly AssignableTask[], members: readonly AssignmentMember[]): number {
  const spent = (turns: number): number => {
    const before = process.cpuUsage()
    for (let turn = 0; turn < turns; turn++) assignTasks(tasks, members, settings)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000 / turns
  }
  return spent(Math.max(3, Math.ceil(enoughMs / Math.max(0.01, spent(3)))))
}
