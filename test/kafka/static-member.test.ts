import { heartbeatV4, joinGroupV9, leaveGroupV5, syncGroupV5 } from '@platformatic/kafka'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { brokerCode } from '../../kafka/platformatic/broker-codes.ts'
import { Cluster } from '../../kafka/platformatic/cluster.ts'
import { Coordinator } from '../../kafka/platformatic/coordinator.ts'
import { StaticMember } from '../../kafka/platformatic/group.ts'

const names = new Map<unknown, string>([
  [joinGroupV9.api, 'join'],
  [syncGroupV5.api, 'sync'],
  [leaveGroupV5.api, 'leave'],
  [heartbeatV4.api, 'heartbeat']
])
let asked: (string | undefined)[]
/** JoinGroup requests that wait for other members. */
let waiting: ((answer: object) => void)[]

beforeEach(() => {
  asked = []
  waiting = []
  vi.spyOn(Cluster.prototype, 'refresh').mockResolvedValue()
  vi.spyOn(Coordinator.prototype, 'call').mockImplementation(async (_purpose, _options, api) => {
    asked.push(names.get(api))
    if (api !== joinGroupV9.api) {
      // a broker fails the join of who leaves, before it answers that
      for (const answer of waiting.splice(0)) answer(refused)
      await new Promise(setImmediate)
      return { errorCode: 0, members: [] } as never
    }
    return (await new Promise<object>((resolve) => waiting.push(resolve))) as never
  })
})

afterEach(() => {
  vi.restoreAllMocks()
})

const refused = { errorCode: brokerCode.unknownMemberId, memberId: '', members: [] }

async function joining(): Promise<{ readonly member: StaticMember; readonly ended: Promise<unknown> }> {
  const options = { clientId: 'one', groupId: 'group', instanceId: 'one', topics: [] }
  const member = new StaticMember(options, { brokers: ['127.0.0.1:1'] })
  const ended = member.join().catch((error: unknown) => error)
  await vi.waitFor(() => expect(asked).toEqual(['join']))
  return { member, ended }
}

it('leaves while its first join waits for the others, and does not join again for that', async () => {
  const { member, ended } = await joining()
  await member.close({ leave: true })
  expect(await ended).toMatchObject({ code: 'BROKER_UNAVAILABLE', message: 'the client was closed' })
  expect(asked).toEqual(['join', 'leave'])
})

it('keeps its place when it is closed without leaving', async () => {
  const { member, ended } = await joining()
  await member.close()
  for (const answer of waiting) answer(refused)
  expect(await ended).toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  expect(asked).toEqual(['join'])
})

it('that never asked for a place does not leave', async () => {
  const options = { clientId: 'one', groupId: 'group', instanceId: 'one', topics: [] }
  await new StaticMember(options, { brokers: ['127.0.0.1:1'] }).close({ leave: true })
  expect(asked).toEqual([])
})
