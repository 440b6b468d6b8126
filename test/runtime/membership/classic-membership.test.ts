import { expect, it } from 'vitest'
import { ManualClock } from '../../../core/clock.ts'
import type { GroupMember } from '../../../kafka/port/group.ts'
import { ClassicMembership } from '../../../runtime/membership/classic-membership.ts'
import { encodeShareInfo, protocolVersion } from '../../../runtime/membership/member-info.ts'
import { PartitionWatch } from '../../../runtime/membership/partition-watch.ts'
import { Plan } from '../../../runtime/task-plan.ts'
import { MemoryApp } from '../memory-app.ts'
import { PARTITIONS, rekeyed } from '../word-counts.ts'

const { tasks } = new Plan(rekeyed(), 'app', () => PARTITIONS)
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined }
const settings = { numStandbyReplicas: 0, maxWarmupReplicas: 2, acceptableRecoveryLag: 0, rackAwareTags: [] }

it('joins again after a while when tasks are withheld, though nobody tells it to', async () => {
  const app = await MemoryApp.create()
  const clock = new ManualClock()
  const told = {
    version: protocolVersion,
    topology: 'graph',
    tasks: tasks.length,
    clients: [],
    problem: null
  }
  const share = { active: ['0_0'], standby: [], warmup: [] }
  let withheld = true
  let joins = 0
  // the group never asks for a round
  const group: Partial<GroupMember> = {
    join: async () => {
      joins++
      return { partitions: [], userData: encodeShareInfo({ ...told, ...share, probing: false, withheld }) }
    },
    rejoinNeeded: () => false,
    check: () => undefined,
    stint: () => 0
  }
  const membership = new ClassicMembership({
    group: () => group as GroupMember,
    tasks,
    topology: 'graph',
    processId: 'one',
    tags: {},
    endpoint: '',
    settings,
    probingIntervalMs: 600_000,
    lags: () => new Map(),
    afterRound: async () => undefined,
    partitions: new PartitionWatch(tasks, app.client.admin('one'), clock, logger),
    clock,
    logger
  })
  const joinsAfter = async (ms: number): Promise<number> => {
    clock.advance(ms)
    membership.poll()
    await new Promise(setImmediate)
    return joins
  }
  await membership.join()
  expect(await joinsAfter(2_000), 'what it has to open comes first').toBe(1)
  membership.owns(membership.assigned())
  withheld = false
  expect(await joinsAfter(0)).toBe(2)
  expect(await joinsAfter(10_000), 'no round without a reason').toBe(2)
  await app.dispose()
})
