import { expect, it } from 'vitest'
import { HeldTask } from '../../runtime/held-task.ts'
import type { OpenedTask, TaskFactory } from '../../runtime/task-factory.ts'
import { TaskOpener } from '../../runtime/task-opener.ts'
import type { TaskPlan } from '../../runtime/task-plan.ts'

it('a task given up before its turn is not opened, and nobody waits for those before it', async () => {
  const begun: string[] = []
  const gate = Promise.withResolvers<void>()
  const factory = {
    open: async (plan: TaskPlan): Promise<OpenedTask> => {
      begun.push(plan.id)
      await gate.promise
      return { plan, stores: [] }
    }
  }
  const opener = new TaskOpener(factory as unknown as TaskFactory)
  const [first, second, third] = ['0_0', '0_1', '0_2'].map(
    (id) => new HeldTask({ id } as TaskPlan, 'active', opener)
  ) as [HeldTask, HeldTask, HeldTask]
  const refused = expect(second.open()).rejects.toMatchObject({ code: 'STORE_CLOSED' })
  await second.close()
  await refused
  expect(begun).toEqual(['0_0'])
  gate.resolve()
  await Promise.all([first.open(), third.open()])
  expect(begun).toEqual(['0_0', '0_2'])
})
