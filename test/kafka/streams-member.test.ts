import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { StreamsError } from '../../core/errors.ts'
import { brokerCode } from '../../kafka/platformatic/broker-codes.ts'
import { StreamsMember } from '../../kafka/platformatic/streams-group.ts'
import { StreamsCoordinator, tasksOf } from './platformatic/streams-coordinator.ts'

let coordinator: StreamsCoordinator
let member: StreamsMember

beforeEach(() => {
  coordinator = new StreamsCoordinator()
  member = opened()
})

afterEach(async () => {
  coordinator.losing = 0
  await member.close()
  vi.restoreAllMocks()
})

function opened(): StreamsMember {
  const options = { clientId: 'one', groupId: 'group', instanceId: 'one', processId: 'one', endpoint: null }
  return new StreamsMember(
    { ...options, topology: [], tags: {}, rebalanceTimeoutMs: 1_000, offsets: () => [] },
    { brokers: ['127.0.0.1:1'] }
  )
}

async function joined(...partitions: number[]): Promise<void> {
  coordinator.target = partitions
  await member.join()
  member.owns(member.assigned())
  const { length } = coordinator.epochs
  await vi.waitFor(() => expect(coordinator.epochs.length).toBeGreaterThan(length))
}

function isLost(): boolean {
  try {
    member.check()
    return false
  } catch (error) {
    expect(error).toMatchObject({ code: 'GROUP_REBALANCE' })
    return true
  }
}

async function fenced(): Promise<void> {
  coordinator.fence()
  await vi.waitFor(() => expect(isLost()).toBe(true), 5_000)
}

it('sends nothing after a join that failed, and can join later', async () => {
  await joined(0)
  coordinator.refusal = brokerCode.groupAuthorizationFailed
  await expect(member.join()).rejects.toBeInstanceOf(StreamsError)
  const { length } = coordinator.epochs
  await setTimeout(100)
  expect(coordinator.epochs).toHaveLength(length)
  coordinator.refusal = brokerCode.none
  await joined(0, 1)
  expect(member.assigned()).toEqual(tasksOf([0, 1]))
  member.check()
})

it.each([
  ['one answer is', 1],
  ['two answers are', 2]
])('runs what it was given when %s lost', async (_what, losing) => {
  await joined(0, 1)
  coordinator.target = [1, 2, 3]
  coordinator.losing = losing
  await vi.waitFor(() => expect(member.assigned()).toEqual(tasksOf([1, 2, 3])), 5_000)
  expect(member.metadata().generationId).toBe(coordinator.epoch)
  expect(isLost()).toBe(false)
})

it.each<[string, () => Promise<void>]>([
  ['was fenced', () => fenced()],
  [
    'got no answer to its join',
    async () => {
      coordinator.losesJoin = true
    }
  ]
])('gets its place back at once when it %s', async (_what, before) => {
  await joined(0)
  await before()
  const begun = performance.now()
  await member.join()
  expect(performance.now() - begun).toBeLessThan(1_000)
  member.check()
})

it('waits for another member that has its place when it was not in the group before', async () => {
  coordinator.isOthers = true
  let over = false
  const joining = member.join().finally(() => {
    over = true
  })
  await setTimeout(300)
  expect(over).toBe(false)
  coordinator.isOthers = false
  await joining
  member.check()
})

it('leaves for good once it was told that the application shuts down: who starts next must not be told so by its place', async () => {
  await joined(0)
  coordinator.status = [{ code: 4, detail: 'by one' }]
  const told = { code: 'APPLICATION_SHUTDOWN' }
  await vi.waitFor(() => expect(() => member.check()).toThrow(expect.objectContaining(told)), 5_000)
  await member.close()
  expect(coordinator.epochs.at(-1)).toBe(-1)
  expect(coordinator.hasMember).toBe(false)
})

it('keeps its place when it is closed without leaving', async () => {
  await joined(0)
  await member.close()
  expect(coordinator.epochs.at(-1)).toBe(-2)
})

it.each([
  ['is not ready yet', brokerCode.coordinatorLoading],
  ['has moved', brokerCode.notCoordinator]
])('leaves once more when the coordinator %s', async (_what, refusal) => {
  await joined(0)
  coordinator.leaveRefusal = refusal
  await member.close({ leave: true })
  expect(coordinator.epochs.slice(-2)).toEqual([-1, -1])
  expect(coordinator.hasMember).toBe(false)
})

it('leaves but once when the group does not know it any more', async () => {
  await joined(0)
  coordinator.leaveRefusal = brokerCode.unknownMemberId
  await member.close({ leave: true })
  expect(coordinator.epochs.filter((epoch) => epoch < 0)).toEqual([-1])
})

/** The group has admitted the member, which does not know it before it is told. */
async function joining(): Promise<{ readonly ended: Promise<unknown>; readonly tell: () => void }> {
  const { promise, resolve } = Promise.withResolvers<void>()
  coordinator.joinHeld = promise
  const ended = member.join().catch((error: unknown) => error)
  await vi.waitFor(() => expect(coordinator.epochs).toEqual([0]))
  return { ended, tell: resolve }
}

it('gives up the place that a join under way has got, and takes it no more', async () => {
  const { ended, tell } = await joining()
  await member.close({ leave: true })
  expect(coordinator.epochs).toEqual([0, -1])
  expect(coordinator.hasMember).toBe(false)
  tell()
  expect(await ended).toMatchObject({ code: 'BROKER_UNAVAILABLE', message: 'the client was closed' })
  expect(member.inPlace()).toBe(false)
})

it('does not join again after it was closed, and gives up the place of which it was not told', async () => {
  coordinator.losesJoin = true
  const { ended, tell } = await joining()
  const closing = member.close()
  tell()
  await closing
  expect(await ended).toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  expect(coordinator.epochs).toEqual([0, -2])
})

it('that never asked for a place does not leave', async () => {
  await member.close({ leave: true })
  expect(coordinator.epochs).toEqual([])
})

const replaced = { code: 'GROUP_FENCED', message: expect.stringContaining("'group'") }
const offsets = [{ topic: 'topic', partition: 0, offset: 1, metadata: '' }]

it.each<[string, () => Promise<void>]>([
  [
    'heartbeat',
    async () => {
      coordinator.isOthers = true
      const told = expect.objectContaining(replaced)
      await vi.waitFor(() => expect(() => member.check()).toThrow(told), 5_000)
    }
  ],
  [
    'join',
    async () => {
      await fenced()
      coordinator.isOthers = true
      await expect(member.join()).rejects.toMatchObject(replaced)
    }
  ],
  [
    'commit',
    async () => {
      coordinator.commitRefusal = brokerCode.fencedInstanceId
      await expect(member.commit(offsets)).rejects.toMatchObject(replaced)
    }
  ]
])('is told by its next %s that another process took its place', async (_what, isTold) => {
  await joined(0)
  await member.commit(offsets)
  await isTold()
  expect(member.inPlace()).toBe(false)
  expect(() => member.check()).toThrow(expect.objectContaining(replaced))
  await expect(member.join()).rejects.toMatchObject(replaced)
  await expect(member.commit(offsets)).rejects.toMatchObject(replaced)
})

it('does not take one that came before it in its own process for another', async () => {
  await joined(0)
  coordinator.losing = 1
  await vi.waitFor(() => expect(coordinator.losing).toBe(0))
  await member.close()
  member = opened()
  await joined(0)
  await member.join()
  await setTimeout(100)
  member.check()
  expect(member.inPlace()).toBe(true)
})
