import { joinGroupV9, leaveGroupV5, syncGroupV5 } from '@platformatic/kafka'
import { afterEach, describe, expect, it } from 'vitest'
import type { TopicPartition } from '../../core/record.ts'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { Channel, defaultChannel, parseAddress } from '../../kafka/platformatic/connections.ts'
import { encodeAssignment, encodeSubscription } from '../../kafka/platformatic/consumer-protocol.ts'
import { StaticMember } from '../../kafka/platformatic/group.ts'
import { type GroupAssignor, leaderTakesAll, type Subscriber } from '../../kafka/port/group-assignor.ts'
import { sleep, until, workspaces } from './conformance/workspace.ts'
import { realBrokers } from './platformatic/brokers.ts'

const cooperative: GroupAssignor = { ...leaderTakesAll, cooperative: true }
const timing = { clientId: 'test', sessionTimeoutMs: 10_000, heartbeatIntervalMs: 200 }

describe('membership', { timeout: 60_000 }, () => {
  const asked: string[] = []
  const metrics = { request: ({ api }: { readonly api: string }) => void asked.push(api) }
  const workspace = workspaces(async () => ({
    client: new PlatformaticClient({ brokers: realBrokers(), metrics }),
    close: async () => {}
  }))
  const closing: { close(): Promise<void> }[] = []
  afterEach(async () => {
    for (const opened of closing.splice(0)) await opened.close()
  })

  function count(api: string): number {
    return asked.filter((one) => one === api).length
  }

  function member(
    groupId: string,
    instanceId: string,
    topic: string,
    assignor: GroupAssignor = leaderTakesAll
  ): StaticMember {
    const options = { ...timing, groupId, instanceId, topics: [topic], assignor }
    const opened = new StaticMember(options, { brokers: realBrokers(), metrics })
    closing.push(opened)
    return opened
  }

  it('I: a static member that closes does not leave, and comes back without a rebalance', async () => {
    const space = workspace()
    const topic = await space.topic(2)
    const groupId = space.name('group')
    const first = member(groupId, 'pod-0', topic)
    expect((await first.join()).partitions).toHaveLength(2)
    const { generationId } = first.metadata()
    const before = count('LeaveGroup')
    await first.close()
    expect(count('LeaveGroup')).toBe(before)
    const second = member(groupId, 'pod-0', topic)
    expect((await second.join()).partitions).toHaveLength(2)
    expect(second.metadata().generationId).toBe(generationId)
    await second.close({ leave: true })
    expect(count('LeaveGroup')).toBe(before + 1)
  })

  it('I: of two members with one instance id the first is fenced, for good', async () => {
    const space = workspace()
    const topic = await space.topic(2)
    const groupId = space.name('group')
    const first = member(groupId, 'pod-0', topic)
    await first.join()
    const second = member(groupId, 'pod-0', topic)
    await second.join()
    const fenced = { code: 'GROUP_FENCED', message: expect.stringContaining(`'${groupId}'`) }
    // a heartbeat brings the news
    await until('the first member knows', () => {
      try {
        first.check()
        return false
      } catch (error) {
        expect(error).toMatchObject(fenced)
        return true
      }
    })
    await expect(first.commit([{ topic, partition: 0, offset: 1, metadata: '' }])).rejects.toMatchObject(
      fenced
    )
    await expect(first.join()).rejects.toMatchObject(fenced)
    await sleep(500)
    second.check()
    expect(second.rejoinNeeded()).toBe(false)
    await second.commit([{ topic, partition: 0, offset: 2, metadata: '' }])
    // who was fenced must not take the other's place away when it ends
    await first.close({ leave: true })
    await sleep(500)
    second.check()
    expect(second.rejoinNeeded()).toBe(false)
  })

  it('J: the assignor is asked in a group of one, and user data goes both ways', async () => {
    const space = workspace()
    const topic = await space.topic(4)
    const groupId = space.name('group')
    const asked: { all: readonly TopicPartition[]; members: readonly Subscriber[] }[] = []
    const halves = (name: string): GroupAssignor => ({
      cooperative: false,
      userData: () => Buffer.from(`lag of ${name}`),
      assign: (all, members) => {
        asked.push({ all, members })
        return new Map(
          members.map(({ memberId, userData }, index) => [
            memberId,
            {
              partitions: all.filter(({ partition }) => partition % members.length === index),
              userData: Buffer.from(`heard ${userData?.toString()}`)
            }
          ])
        )
      },
      stillFits: () => true
    })
    const one = member(groupId, 'one', topic, halves('one'))
    const alone = await one.join()
    expect(alone.partitions).toHaveLength(4)
    expect(alone.userData?.toString()).toBe('heard lag of one')
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({
      all: [0, 1, 2, 3].map((partition) => ({ topic, partition })),
      members: [{ memberId: one.metadata().memberId, instanceId: 'one', topics: [topic] }]
    })
    expect(asked[0]?.members[0]?.userData?.toString()).toBe('lag of one')
    const two = member(groupId, 'two', topic, halves('two'))
    const joining = two.join()
    await until('the group wants to rebalance', () => one.rejoinNeeded())
    const shares = await Promise.all([one.join(), joining])
    expect(shares.map(({ partitions }) => partitions.length)).toEqual([2, 2])
    expect(
      new Set(shares.flatMap(({ partitions }) => partitions.map(({ partition }) => partition))).size
    ).toBe(4)
    expect(shares.map(({ userData }) => userData?.toString())).toEqual([
      'heard lag of one',
      'heard lag of two'
    ])
  })

  it.each([
    ['is sent again with the new generation when its partition was kept', true, leaderTakesAll],
    ['is refused when its partition was given away', false, leaderTakesAll],
    ['is sent again when partitions are given up only by who has them', true, cooperative]
  ])('a commit while its own member joins %s', async (_what, kept, assignor) => {
    const space = workspace()
    const topic = await space.topic(1)
    const groupId = space.name('group')
    const leader = await RawLeader.join(groupId, topic)
    closing.push(leader)
    const follower = member(groupId, 'follower', topic, assignor)
    const before = count('JoinGroup')
    const joining = follower.join()
    await leader.rejoin()
    await until('the follower waits for its assignment', () => count('JoinGroup') > before)
    await sleep(300)
    // the group is between two generations: the broker refuses this
    const commits = count('OffsetCommit')
    const committing = follower.commit([{ topic, partition: 0, offset: 5, metadata: 'm' }])
    const outcome = kept
      ? expect(committing).resolves.toBeUndefined()
      : expect(committing).rejects.toMatchObject({ code: 'GROUP_REBALANCE' })
    await until('it was refused', () => count('OffsetCommit') > commits)
    const stays = kept && assignor !== cooperative
    await leader.assign(stays ? [{ topic, partition: 0 }] : [])
    expect((await joining).partitions).toHaveLength(stays ? 1 : 0)
    await outcome
    const committed = kept ? [{ topic, partition: 0, offset: 5, metadata: 'm' }] : []
    expect(await follower.committed([{ topic, partition: 0 }])).toEqual(committed)
  })

  it('a member that the group went on without knows so after it has joined again', async () => {
    const space = workspace()
    const topic = await space.topic(1)
    const groupId = space.name('group')
    const one = member(groupId, 'one', topic, cooperative)
    await one.join()
    const before = one.metadata()
    const position = { topic, partition: 0, offset: 5, metadata: '' }
    await one.join()
    expect(one.stint(), 'it took part in every round').toBe(0)
    expect(await one.regains([position], before)).toBe(true)

    expect(one.inPlace()).toBe(true)
    await remove(groupId, 'one')
    await until('it knows', () => one.rejoinNeeded())
    expect(one.inPlace()).toBe(false)
    const former = one.metadata()
    await one.join()
    expect(one.inPlace()).toBe(true)
    expect(one.stint()).toBe(1)
    expect(await one.regains([position], former)).toBe(false)
  })

  it('a member whose place it takes itself, joining anew, is not fenced by another process', async () => {
    const space = workspace()
    const topic = await space.topic(1)
    const groupId = space.name('group')
    const [one, two] = [member(groupId, 'one', topic), member(groupId, 'two', topic)]
    await one.join()
    const second = two.join()
    await until('the group wants it to join again', () => one.rejoinNeeded())
    await Promise.all([one.join(), second])
    const position = { topic, partition: 0, offset: 5, metadata: '' }
    const former = one.metadata()
    const producer = await space.transactional()
    await producer.begin()

    await remove(groupId, 'one')
    await until('it knows', () => one.rejoinNeeded())
    // the other one is waited for
    const joins = count('JoinGroup')
    const joining = one.join()
    await until('the one it was is not known', () => count('JoinGroup') > joins)
    // it asks as a new one after a pause, and is not answered
    await sleep(1_000)
    expect(one.metadata().memberId).toBe('')
    const rebalance = { code: 'GROUP_REBALANCE' }
    await expect(one.commit([position])).rejects.toMatchObject(rebalance)
    await expect(producer.sendOffsets([position], one)).rejects.toMatchObject(rebalance)
    await producer.abort()
    await two.join()
    await joining
    expect(one.metadata().memberId).not.toBe(former.memberId)

    // sent before, answered now; another producer, as this one's next attempt could have to wait for the abort
    const next = await space.transactional()
    await next.begin()
    const times = [former, former]
    const late = { metadata: () => times.shift() ?? one.metadata(), regains: async () => false }
    await expect(next.sendOffsets([position], late)).rejects.toMatchObject(rebalance)
    await next.abort()
    one.check()
    await one.commit([position])
  })

  async function remove(groupId: string, instanceId: string): Promise<void> {
    const coordinator = new Channel(parseAddress(realBrokers()[0]!), 'raw', {}, defaultChannel)
    closing.push(coordinator)
    const members = [{ memberId: '', groupInstanceId: instanceId, reason: 'the test removes it' }]
    const removed = await coordinator.call(leaveGroupV5.api, groupId, members)
    expect(removed.errorCode).toBe(0)
  }
})

/** A leader that assigns when the test says so. */
class RawLeader {
  readonly #groupId: string
  readonly #topic: string
  readonly #channel = new Channel(parseAddress(realBrokers()[0]!), 'raw', {}, defaultChannel)
  #joined: joinGroupV9.JoinGroupResponse | undefined

  private constructor(groupId: string, topic: string) {
    this.#groupId = groupId
    this.#topic = topic
  }

  static async join(groupId: string, topic: string): Promise<RawLeader> {
    const leader = new RawLeader(groupId, topic)
    await until('the coordinator is there', async () => {
      await leader.#join()
      return leader.#joined?.errorCode === 0
    })
    await leader.assign([])
    return leader
  }

  /** Until the other member has joined, too. */
  async rejoin(): Promise<void> {
    await until('both have joined', async () => {
      await this.#join()
      return (this.#joined?.members.length ?? 0) > 1
    })
  }

  /** Everything to the other one. */
  async assign(partitions: readonly TopicPartition[]): Promise<void> {
    const { generationId, memberId, members } = this.#joined!
    const assignments = members.map((member) => ({
      memberId: member.memberId,
      assignment: encodeAssignment({
        partitions: member.memberId === memberId ? [] : partitions,
        userData: null
      })
    }))
    const answer = await this.#channel.call(
      syncGroupV5.api,
      this.#groupId,
      generationId,
      memberId,
      'raw',
      'consumer',
      'store-sku',
      assignments
    )
    expect(answer.errorCode).toBe(0)
  }

  async close(): Promise<void> {
    await this.#channel.close()
  }

  async #join(): Promise<void> {
    const metadata = encodeSubscription({ topics: [this.#topic], userData: null })
    this.#joined = await this.#channel.call(
      joinGroupV9.api,
      this.#groupId,
      10_000,
      20_000,
      this.#joined?.memberId ?? '',
      'raw',
      'consumer',
      [{ name: 'store-sku', metadata }],
      null
    )
  }
}
