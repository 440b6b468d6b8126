import { describe, expect, test } from 'vitest'
import { assignTasks } from '../../../runtime/membership/assign-tasks.ts'
import type {
  AssignableTask,
  AssignmentMember,
  AssignorSettings,
  TaskAssignment
} from '../../../runtime/membership/assignment.ts'
import { Random } from '../../state/random.ts'

const settings: AssignorSettings = {
  numStandbyReplicas: 0,
  maxWarmupReplicas: 2,
  acceptableRecoveryLag: 100,
  rackAwareTags: []
}

function tasks(count: number, stateful = true): AssignableTask[] {
  return Array.from({ length: count }, (_, number) => ({ id: `${stateful ? 0 : 1}_${number}`, stateful }))
}

function stateful(id: string): AssignableTask {
  return { id, stateful: true }
}

function member(id: string, more: Partial<AssignmentMember> = {}): AssignmentMember {
  return { id, processId: `process-${id}`, active: [], standby: [], lags: new Map(), tags: {}, ...more }
}

function activeOf({ shares }: TaskAssignment): Record<string, readonly string[]> {
  return Object.fromEntries([...shares].map(([id, { active }]) => [id, active]))
}

describe('who runs what', () => {
  test('new members share alike', () => {
    const { shares, probing } = assignTasks(tasks(7), [member('a'), member('b'), member('c')], settings)
    expect([...shares.values()].map(({ active }) => active.length)).toEqual([3, 2, 2])
    expect(probing).toBe(false)
  })

  test('what is balanced does not move', () => {
    const members = [member('a', { active: ['0_0', '0_3'] }), member('b', { active: ['0_1', '0_2'] })]
    expect(activeOf(assignTasks(tasks(4), members, settings))).toEqual({
      a: ['0_0', '0_3'],
      b: ['0_1', '0_2']
    })
  })

  test('a task with state stays where it is until its new home is warm, then moves', () => {
    const running = member('a', { active: ['0_0', '0_1', '0_2', '0_3'] })
    const first = assignTasks(tasks(4), [running, member('b')], settings)
    expect(activeOf(first)).toEqual({ a: ['0_0', '0_1', '0_2', '0_3'], b: [] })
    expect(first.probing).toBe(true)
    const warming = first.shares.get('b')?.warmup ?? []
    expect(warming).toHaveLength(settings.maxWarmupReplicas)

    const warm = member('b', { lags: new Map(warming.map((task) => [task, 100])) })
    const second = assignTasks(tasks(4), [running, warm], settings)
    expect(second.shares.get('b')?.active).toEqual(warming)
    expect(second.probing).toBe(false)
  })

  test('a new member relieves the others of some of each sub-topology', () => {
    const all = ['0', '1', '2'].flatMap((subTopology) =>
      ['0', '1', '2', '3'].map((partition) => ({ id: `${subTopology}_${partition}`, stateful: true }))
    )
    const eager = { ...settings, acceptableRecoveryLag: Number.POSITIVE_INFINITY }
    const ids = all.map(({ id }) => id)
    for (const count of [1, 2]) {
      const joined = Array.from({ length: count }, (_, number) => member(`b${number}`))
      const members = [member('a', { active: ids }), ...joined]
      for (const active of Object.values(activeOf(assignTasks(all, members, eager))))
        for (const subTopology of ['0', '1', '2']) {
          const part = active.filter((id) => id.startsWith(`${subTopology}_`)).length
          expect(part, `${count} joined`).toBeGreaterThanOrEqual(1)
          expect(part, `${count} joined`).toBeLessThanOrEqual(2)
        }
    }
  })

  test('a new member relieves small sub-topologies, too, and not the same one of each member', () => {
    const eager = { ...settings, acceptableRecoveryLag: Number.POSITIVE_INFINITY }
    const partsOf = (active: readonly string[] | undefined) =>
      Object.fromEntries(
        [...Map.groupBy(active ?? [], (id) => id.split('_')[0])].map(([part, ids]) => [part, ids.length])
      )
    const unequal = [...'01234567'].map((number) => `0_${number}`).concat('1_0', '1_1')
    const joined = [member('a', { active: unequal }), member('b')]
    const twoSizes = assignTasks(unequal.map(stateful), joined, eager)
    expect(partsOf(twoSizes.shares.get('b')?.active)).toEqual({ 0: 4, 1: 1 })

    const parts = ['0', '1', '2', '3']
    const owners = parts.map((number) => member(number, { active: parts.map((part) => `${part}_${number}`) }))
    const all = owners.flatMap(({ active }) => active).map(stateful)
    const fifth = assignTasks(all, [...owners, member('new')], eager)
    expect(partsOf(fifth.shares.get('new')?.active)).toEqual({ 1: 1, 2: 1, 3: 1 })
  })

  test('a member that comes back gets first what it still has', () => {
    const ids = ['0', '1'].flatMap((part) => ['0', '1', '2', '3'].map((number) => `${part}_${number}`))
    const lags = new Map(ids.slice(0, 4).map((id, index) => [id, 50 + index]))
    const members = [member('a', { active: ids }), member('b', { lags })]
    const { shares, probing } = assignTasks(ids.map(stateful), members, settings)
    expect(shares.get('b')?.active).toEqual(['0_0', '0_1', '0_2', '0_3'])
    expect(probing).toBe(false)
  })

  test('what warms up is that of each sub-topology, however many rounds it takes', () => {
    const ids = ['0', '1', '2'].flatMap((part) => ['0', '1', '2', '3'].map((number) => `${part}_${number}`))
    let members = [member('a', { active: ids }), member('b')]
    for (let round = 0; round < 4; round++) {
      const { shares, probing } = assignTasks(ids.map(stateful), members, settings)
      expect(probing).toBe(round < 3)
      members = next(members, { shares, probing })
    }
    const parts = Map.groupBy(members[1]?.active ?? [], (id) => id.split('_')[0])
    expect([...parts.values()].map((of) => of.length)).toEqual([2, 2, 2])
  })

  test('a task without state moves at once', () => {
    const members = [member('a', { active: ['1_0', '1_1'] }), member('b')]
    const { shares, probing } = assignTasks(tasks(2, false), members, settings)
    expect(shares.get('b')?.active).toHaveLength(1)
    expect(probing).toBe(false)
  })

  test('tasks of a member that is gone go to who lacks the least', () => {
    const members = [
      member('a', { active: ['0_0'], lags: new Map([['0_2', 5000]]) }),
      member('b', { active: ['0_1'], lags: new Map([['0_2', 20]]) })
    ]
    expect(activeOf(assignTasks(tasks(3), members, settings))).toEqual({ a: ['0_0'], b: ['0_1', '0_2'] })
  })

  test('a thread of the same process takes over without a warm-up', () => {
    const members = [
      member('a', { processId: 'one', active: ['0_0', '0_1'] }),
      member('b', {
        processId: 'one',
        lags: new Map([
          ['0_0', 0],
          ['0_1', 0]
        ])
      })
    ]
    const { shares, probing } = assignTasks(tasks(2), members, settings)
    expect([...shares.values()].map(({ active }) => active.length)).toEqual([1, 1])
    expect(probing).toBe(false)
  })
})

describe('standbys', () => {
  const one = { ...settings, numStandbyReplicas: 1 }

  test('are on another process than their active, alike many, and stay where they are', () => {
    const members = [member('a'), member('b'), member('c')]
    const { shares } = assignTasks(tasks(6), members, one)
    for (const { active, standby } of shares.values()) {
      expect(standby).toHaveLength(2)
      expect(standby.filter((task) => active.includes(task))).toEqual([])
    }
    const again = assignTasks(
      tasks(6),
      members.map((old) => ({
        ...old,
        active: shares.get(old.id)?.active ?? [],
        lags: new Map((shares.get(old.id)?.standby ?? []).map((task) => [task, 10]))
      })),
      one
    )
    expect(again.shares).toEqual(shares)
  })

  test('are left out when there is no other process', () => {
    const members = [member('a', { processId: 'one' }), member('b', { processId: 'one' })]
    const { shares } = assignTasks(tasks(2), members, one)
    expect([...shares.values()].flatMap(({ standby }) => standby)).toEqual([])
  })

  test('are in another zone, when there is one', () => {
    const members = ['a1', 'a2', 'b1', 'b2'].map((id) => member(id, { tags: { zone: id.slice(0, 1) } }))
    const { shares } = assignTasks(tasks(8), members, { ...one, rackAwareTags: ['zone'] })
    const zoneOf = (task: string, role: 'active' | 'standby') =>
      members.find(({ id }) => shares.get(id)?.[role].includes(task))?.tags.zone
    for (const { id } of tasks(8)) expect(zoneOf(id, 'standby')).not.toBe(zoneOf(id, 'active'))
  })
})

describe('from any history', () => {
  test('every task is active once, balanced, apart from its copies; it settles, and then nothing moves', () => {
    for (let seed = 0; seed < 60; seed++) check(new Random(seed), seed)
  })
})

/** A group that lives through members that come and go; warm-ups are made warm between the rounds. */
function check(random: Random, seed: number): void {
  const stateful = tasks(1 + random.below(40)).map((task, number) => ({
    ...task,
    id: `${10 + (number % (1 + (seed % 4)))}_${number}`
  }))
  const all = [...stateful, ...tasks(random.below(20), false)]
  const replicas = { ...settings, numStandbyReplicas: random.below(3), rackAwareTags: ['zone'] }
  let members: AssignmentMember[] = []
  for (let event = 0; event < 6; event++) {
    const leaving = members.length > 1 && random.below(2) === 0 ? random.below(members.length) : -1
    members = members.filter((_, index) => index !== leaving)
    if (leaving < 0) {
      const id = `${seed}-${event}`
      // some processes have two threads
      const processId = random.below(3) === 0 ? (members[0]?.processId ?? id) : id
      members.push(member(id, { processId, tags: { zone: `z${random.below(2)}` } }))
    }
    let assignment = assignTasks(all, members, replicas)
    for (let round = 0; assignment.probing; round++) {
      if (round > all.length) throw new Error(`seed ${seed}: the group does not settle`)
      invariants(all, members, assignment)
      members = next(members, assignment)
      assignment = assignTasks(all, members, replicas)
    }
    invariants(all, members, assignment)
    const loads = [...assignment.shares.values()].map(({ active }) => active.length)
    expect(Math.max(...loads) - Math.min(...loads), `seed ${seed}`).toBeLessThanOrEqual(1)
    members = next(members, assignment)
    // who is asked again says the same
    expect(assignTasks(all, members, replicas).shares, `seed ${seed}`).toEqual(assignment.shares)
  }
}

function invariants(
  all: readonly AssignableTask[],
  members: readonly AssignmentMember[],
  { shares }: TaskAssignment
): void {
  const active = [...shares.values()].flatMap((share) => share.active)
  expect([...active].sort()).toEqual(all.map(({ id }) => id).sort())
  for (const { id } of all) {
    const processes = members
      .filter((one) => {
        const share = shares.get(one.id)
        return share?.active.includes(id) || share?.standby.includes(id) || share?.warmup.includes(id)
      })
      .map(({ processId }) => processId)
    expect(new Set(processes).size).toBe(processes.length)
  }
}

/** What the members say after they did as they were told. */
function next(members: readonly AssignmentMember[], { shares }: TaskAssignment): AssignmentMember[] {
  const stateOf = (processId: string) =>
    members
      .filter((one) => one.processId === processId)
      .flatMap(({ id }) => {
        const share = shares.get(id)
        return [...(share?.active ?? []), ...(share?.standby ?? []), ...(share?.warmup ?? [])]
      })
  return members.map((one) => ({
    ...one,
    active: shares.get(one.id)?.active ?? [],
    standby: shares.get(one.id)?.standby ?? [],
    lags: new Map(stateOf(one.processId).map((task) => [task, 0]))
  }))
}

test('no more tasks move than must', () => {
  const members = [
    member('a', { active: ['0_0', '0_1', '0_2', '0_3', '0_4'] }),
    member('b', { active: ['0_5'] }),
    member('c')
  ]
  const warm = members.map((one) => ({ ...one, lags: new Map(tasks(6).map(({ id }) => [id, 0])) }))
  const { shares } = assignTasks(tasks(6), warm, settings)
  const moved = warm.flatMap(({ id, active }) =>
    active.filter((task) => !shares.get(id)?.active.includes(task))
  )
  expect(moved).toHaveLength(3)
})
