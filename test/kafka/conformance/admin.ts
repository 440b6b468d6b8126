import { describe, expect, it } from 'vitest'
import { partitionName } from '../../../core/record.ts'
import { numbered, offsets, until, type Workspace } from './workspace.ts'

export function describeAdmin(workspace: () => Workspace): void {
  describe('an admin', () => {
    it('makes the topics that are missing and leaves the others', async () => {
      const space = workspace()
      const { admin } = space
      const first = await space.topic(2)
      await space.write(first, numbered(3))
      const second = space.name('second')
      const before = await admin.describeTopics([first])
      await admin.createTopics([
        { name: first, partitions: 5, replicas: 1, configs: {} },
        { name: second, partitions: 3, replicas: 1, configs: { 'cleanup.policy': 'compact' } }
      ])
      await admin.createTopics([])
      const found = await admin.describeTopics([first, second, space.name('missing')])
      expect([...found.keys()].sort()).toEqual([first, second].sort())
      expect(found.get(first)).toEqual(before.get(first))
      expect(found.get(first)).toMatchObject({ name: first, partitions: 2 })
      expect(found.get(second)).toMatchObject({ name: second, partitions: 3 })
      expect(await space.read(first, 3)).toHaveLength(3)
    })

    it('gives a topic that was made again another id', async () => {
      const space = workspace()
      const { admin } = space
      const topic = await space.topic()
      const first = (await admin.describeTopics([topic])).get(topic)?.id
      await admin.deleteTopics([topic])
      await until('the topic is gone', async () => !(await admin.describeTopics([topic])).has(topic))
      await admin.createTopics([{ name: topic, partitions: 1, replicas: 1, configs: {} }])
      const second = (await admin.describeTopics([topic])).get(topic)?.id
      expect(first).toMatch(/./)
      expect(second).toMatch(/./)
      expect(second).not.toBe(first)
    })

    it('lists the first and the next offset of partitions', async () => {
      const space = workspace()
      const { admin } = space
      const topic = await space.topic(3)
      await space.write(topic, [...numbered(4, 0), ...numbered(2, 2)])
      const partitions = [0, 1, 2].map((partition) => ({ topic, partition }))
      const name = (partition: number) => partitionName(topic, partition)
      expect(await admin.listOffsets(partitions, 'latest')).toEqual(
        new Map([
          [name(0), 4],
          [name(1), 0],
          [name(2), 2]
        ])
      )
      await admin.deleteRecords([{ topic, partition: 0, offset: 3 }])
      expect(await admin.listOffsets(partitions, 'earliest')).toEqual(
        new Map([
          [name(0), 3],
          [name(1), 0],
          [name(2), 0]
        ])
      )
    })

    it('deletes records before an offset and no others', async () => {
      const space = workspace()
      const topic = await space.topic(2)
      await space.write(topic, [...numbered(10, 0), ...numbered(10, 1)])
      await space.admin.deleteRecords([
        { topic, partition: 0, offset: 7 },
        { topic, partition: 1, offset: 10 }
      ])
      expect(offsets(await space.read(topic, 3, 0, 7))).toEqual([7, 8, 9])
      await space.write(topic, numbered(1, 1))
      expect(offsets(await space.read(topic, 1, 1, 10))).toEqual([10])
    })

    it('throws TOPIC_MISSING for offsets of a topic that is not there', async () => {
      const space = workspace()
      const partitions = [{ topic: space.name('missing'), partition: 0 }]
      await expect(space.admin.listOffsets(partitions, 'latest')).rejects.toMatchObject({
        code: 'TOPIC_MISSING'
      })
    })
  })
}
