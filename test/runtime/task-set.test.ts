import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { GroupOffset } from '../../kafka/port/group.ts'
import type { TaskPlan } from '../../runtime/task-plan.ts'
import type { InputPositions } from '../../runtime/task-positions.ts'
import { TaskSet, type TaskSetParts } from '../../runtime/task-set.ts'

const share = (...active: string[]) => ({ active, standby: [], warmup: [] })
const at = (id: string, offset: number): GroupOffset => ({
  topic: `in-${id}`,
  partition: 0,
  offset,
  metadata: ''
})

/** A set of tasks without stores, each with one input. */
function tasksWith(positionsOf: TaskSetParts['positionsOf'], restore = async () => 0) {
  const started = new Map<string, number | undefined>()
  const planOf = (id: string) =>
    ({ id, partition: 0, inputs: [{ topic: `in-${id}`, partition: 0 }] }) as unknown as TaskPlan
  const parts = {
    factory: {
      open: async (plan: TaskPlan) => ({ plan, stores: [] }),
      task: ({ plan: { id } }: { plan: TaskPlan }, committed: ReadonlyMap<string, GroupOffset>) => {
        started.set(id, committed.get(`in-${id}-0`)?.offset)
        return { id, positions: () => [], stop: () => [] }
      }
    },
    restorer: { restore, close: async () => undefined },
    consumer: { assign: () => undefined, unassign: () => undefined, lag: () => 0 },
    planOf,
    positionsOf,
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined }
  }
  return { tasks: new TaskSet(parts as unknown as TaskSetParts), started }
}

it('a task that comes back goes on from the newest answer, not from one that was asked for before it went and comes late', async () => {
  const answers: PromiseWithResolvers<InputPositions>[] = []
  const { tasks, started } = tasksWith(() => {
    const answer = Promise.withResolvers<InputPositions>()
    answers.push(answer)
    return answer.promise
  })
  // a broker that U needs is away: nothing is known of either for a while
  tasks.take(share('T', 'U'))
  await tasks.release(share('U'))
  // T gets on elsewhere, and comes back
  tasks.take(share('T', 'U'))
  answers[1]?.resolve({ committed: [at('T', 600)], earliest: new Map() })
  await setTimeout(1)
  answers[0]?.resolve({ committed: [at('T', 500), at('U', 7)], earliest: new Map([['in-T-0', 3]]) })
  await setTimeout(1)
  tasks.startReady()
  expect(started).toEqual(
    new Map([
      ['T', 600],
      ['U', 7]
    ])
  )
})

it('a position that the group has forgotten is not gone on from', async () => {
  const answers: InputPositions[] = [
    { committed: [at('T', 500)], earliest: new Map() },
    { committed: [], earliest: new Map([['in-T-0', 550]]) }
  ]
  const { tasks, started } = tasksWith(async () => answers.shift() as InputPositions)
  for (const expected of [500, undefined]) {
    tasks.take(share('T'))
    await setTimeout(1)
    tasks.startReady()
    expect(started.get('T')).toBe(expected)
    await tasks.release(share())
  }
})

it('a task that is being restored is not rebuilt, which is said', async () => {
  const { tasks } = tasksWith(
    async () => ({ committed: [], earliest: new Map() }),
    () => new Promise(() => undefined)
  )
  tasks.take(share('T'))
  await setTimeout(1)
  const rebuilt = expect(tasks.rebuild('T')).rejects.toMatchObject({ code: 'STORE_UNKNOWN' })
  tasks.takeOutForRebuild()
  await rebuilt
})

it.each([
  ['is being rebuilt by then', share('T')],
  ['has been given up by then', share()]
])('a task that %s is not rebuilt, which is said', async (_, later) => {
  const { tasks } = tasksWith(async () => ({ committed: [], earliest: new Map() }))
  tasks.take(share('T'))
  await setTimeout(1)
  tasks.startReady()
  const [first, second] = [tasks.rebuild('T'), tasks.rebuild('T')]
  const answers = Promise.allSettled([first, second])
  await tasks.release(later)
  tasks.takeOutForRebuild()
  const runs = later.active.length > 0
  expect(await answers).toMatchObject([
    { status: runs ? 'fulfilled' : 'rejected' },
    { status: 'rejected', reason: { code: 'STORE_UNKNOWN', message: 'task T does not run here now' } }
  ])
})

it('a task that has just been rebuilt can be rebuilt again', async () => {
  const { tasks } = tasksWith(async () => ({ committed: [], earliest: new Map() }))
  tasks.take(share('T'))
  await setTimeout(1)
  tasks.startReady()
  for (let times = 0; times < 2; times++) {
    const rebuilt = tasks.rebuild('T')
    tasks.takeOutForRebuild()
    await rebuilt
  }
})
