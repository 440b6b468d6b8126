import { expect, it } from 'vitest'
import { StreamsBuilder, string, topic } from '../../../index.ts'
import type { StreamsGroupMember, StreamsTasks } from '../../../kafka/port/streams-group.ts'
import { StreamsMembership } from '../../../runtime/membership/streams-membership.ts'
import { Plan } from '../../../runtime/task-plan.ts'

const words = topic('words', { key: string(), value: string(), partitions: 4 })
const builder = new StreamsBuilder()
builder.stream(words).to(topic('copies', { key: string(), value: string(), partitions: 4 }))
const { tasks } = new Plan(builder.build(), 'app', () => 4)

const active = (...partitions: number[]): StreamsTasks => ({
  active: [{ subTopology: '0', partitions }],
  standby: [],
  warmup: []
})

it('looks for transactions of departed members when it is given tasks, not when it keeps or loses some', async () => {
  let told = active()
  let looks = 0
  const over = Promise.withResolvers<void>()
  // of the member no more is asked here than what it was told
  const member = { assigned: () => told } as StreamsGroupMember
  const membership = new StreamsMembership(member, tasks, () => {
    looks++
    return over.promise
  })
  const given = async (...partitions: number[]): Promise<number> => {
    told = active(...partitions)
    expect(membership.assigned().active).toEqual(partitions.map((partition) => `0_${partition}`))
    await new Promise(setImmediate)
    return looks
  }

  expect(await given()).toBe(0)
  expect(await given(0, 1)).toBe(1)
  expect(await given(0, 1, 2), 'the next look waits for this one').toBe(1)
  over.resolve()
  await new Promise(setImmediate)
  expect(looks).toBe(2)
  expect(await given(1)).toBe(2)
  expect(await given(1, 3)).toBe(3)
})
