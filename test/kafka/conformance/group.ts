import { describe, expect, it } from 'vitest'
import { partitionName, type TopicPartition } from '../../../core/record.ts'
import type { GroupMember } from '../../../kafka/port/group.ts'
import { leaderTakesAll } from '../../../kafka/port/group-assignor.ts'
import { sleep, until, type Workspace } from './workspace.ts'

/** Keeps a member in its group, joining again whenever the group wants it. */
class Participant {
  partitions: readonly TopicPartition[] = []
  joined = false
  readonly #member: GroupMember
  #running = true
  readonly #loop: Promise<void>

  constructor(member: GroupMember) {
    this.#member = member
    this.#loop = this.#run()
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#loop
  }

  async #run(): Promise<void> {
    this.partitions = (await this.#member.join()).partitions
    this.joined = true
    while (this.#running) {
      await sleep(50)
      this.#member.check()
      if (this.#running && this.#member.rejoinNeeded())
        this.partitions = (await this.#member.join()).partitions
    }
  }
}

function sorted(partitions: readonly TopicPartition[]): string[] {
  return partitions.map(({ topic, partition }) => partitionName(topic, partition)).sort()
}

export function describeGroup(workspace: () => Workspace): void {
  describe('a group', () => {
    it('gives its only member all partitions of its topics', async () => {
      const space = workspace()
      const topics = [await space.topic(3), await space.topic(1)]
      const member = space.group({ groupId: space.name('group'), instanceId: 'a', topics })
      const all = topics.flatMap((topic, index) =>
        (index === 0 ? [0, 1, 2] : [0]).map((p) => partitionName(topic, p))
      )
      expect(sorted((await member.join()).partitions)).toEqual(all.sort())
      expect(member.rejoinNeeded()).toBe(false)
      member.check()
    })

    it('keeps committed offsets with their metadata', async () => {
      const space = workspace()
      const topic = await space.topic(3)
      const groupId = space.name('group')
      const member = space.group({ groupId, instanceId: 'a', topics: [topic] })
      const { partitions } = await member.join()
      expect(await member.committed(partitions)).toEqual([])
      await member.commit([{ topic, partition: 0, offset: 1, metadata: 'first' }])
      const committed = [
        { topic, partition: 0, offset: 5, metadata: 'AgAAAYuz=' },
        { topic, partition: 2, offset: 2 ** 40, metadata: '' }
      ]
      await member.commit(committed)
      const found = await member.committed(partitions)
      expect([...found].sort((a, b) => a.partition - b.partition)).toEqual(committed)
      expect(await space.admin.groupOffsets(groupId, partitions)).toEqual(
        new Map([
          [partitionName(topic, 0), 5],
          [partitionName(topic, 2), 2 ** 40]
        ])
      )
      expect(await space.admin.groupOffsets(space.name('unknown'), partitions)).toEqual(new Map())
    })

    it('gives a restarted member its place at once and fences the former one', async () => {
      const space = workspace()
      const topic = await space.topic(2)
      const options = { groupId: space.name('group'), instanceId: 'pod-0', topics: [topic] }
      const former = space.group(options)
      const { partitions } = await former.join()
      await former.commit([{ topic, partition: 1, offset: 42, metadata: 'm' }])
      const restarted = space.group(options)
      expect(sorted((await restarted.join()).partitions)).toEqual(sorted(partitions))
      expect(await restarted.committed(partitions)).toEqual([
        { topic, partition: 1, offset: 42, metadata: 'm' }
      ])
      const fenced = { code: 'GROUP_FENCED' }
      await expect(former.commit([{ topic, partition: 1, offset: 1, metadata: '' }])).rejects.toMatchObject(
        fenced
      )
      await until('the former member knows that it is fenced', () => {
        try {
          former.check()
          return false
        } catch (error) {
          expect(error).toMatchObject(fenced)
          return true
        }
      })
      await expect(former.join()).rejects.toMatchObject(fenced)
      await former.close()
      await restarted.commit([{ topic, partition: 1, offset: 43, metadata: 'n' }])
      restarted.check()
      expect(await restarted.committed(partitions)).toEqual([
        { topic, partition: 1, offset: 43, metadata: 'n' }
      ])
    })

    it('gives a member that closed without leaving its place again', async () => {
      const space = workspace()
      const topic = await space.topic(2)
      const options = { groupId: space.name('group'), instanceId: 'pod-0', topics: [topic] }
      const former = space.group(options)
      const { partitions } = await former.join()
      await former.close()
      const restarted = space.group(options)
      expect(sorted((await restarted.join()).partitions)).toEqual(sorted(partitions))
    })

    it('shares the partitions among its members, and gives them to who stays', async () => {
      const space = workspace()
      const topic = await space.topic(3)
      const groupId = space.name('group')
      const members = ['a', 'b'].map((instanceId) => space.group({ groupId, instanceId, topics: [topic] }))
      const [first, second] = members as [GroupMember, GroupMember]
      const one = new Participant(first)
      await until('the first member has all', () => one.partitions.length === 3)
      const two = new Participant(second)
      await until('each has its part', () => one.partitions.length === 2 && two.partitions.length === 1)
      await one.stop()
      await first.close({ leave: true })
      await until('the other one has all', () => two.partitions.length === 3)
      await two.stop()
    })

    it('gives a second member no work until the first one leaves, if its assignor wants it so', async () => {
      const space = workspace()
      const topic = await space.topic(3)
      const groupId = space.name('group')
      const members = ['a', 'b'].map((instanceId) =>
        space.group({ groupId, instanceId, topics: [topic], assignor: leaderTakesAll })
      )
      const [first, second] = members as [GroupMember, GroupMember]
      const one = new Participant(first)
      await until('the first member has all', () => one.partitions.length === 3)
      const two = new Participant(second)
      await until('both have joined', () => one.joined && two.joined)
      await until('one of them has all', () => one.partitions.length + two.partitions.length === 3)
      expect([one.partitions.length, two.partitions.length].sort()).toEqual([0, 3])
      const [working, waiting, leaver] = one.partitions.length === 3 ? [one, two, first] : [two, one, second]
      await working.stop()
      await leaver.close({ leave: true })
      await until('the other one has all', () => waiting.partitions.length === 3)
      await waiting.stop()
    })

    it('throws TOPIC_MISSING when one of its topics is not there', async () => {
      const space = workspace()
      const topics = [await space.topic(), space.name('missing')]
      const member = space.group({ groupId: space.name('group'), instanceId: 'a', topics })
      await expect(member.join()).rejects.toMatchObject({ code: 'TOPIC_MISSING' })
    })
  })
}
