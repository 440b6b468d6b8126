import { describe, expect, it } from 'vitest'
import { partitionName } from '../../../core/record.ts'
import { append, numbered, offsets, until, type Workspace } from './workspace.ts'

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

    it('finds the first offset of a time, or the end', async () => {
      const space = workspace()
      const topic = await space.topic(2)
      // their timestamps are one millisecond apart from 1,700,000,000,000 on
      await space.write(topic, numbered(10, 0))
      const partitions = [0, 1].map((partition) => ({ topic, partition }))
      const at = async (time: number) =>
        [...(await space.admin.listOffsets(partitions, time)).entries()].sort()
      const both = (first: number) => [
        [partitionName(topic, 0), first],
        [partitionName(topic, 1), 0]
      ]
      expect(await at(0)).toEqual(both(0))
      expect(await at(1_700_000_000_004)).toEqual(both(4))
      expect(await at(1_700_000_000_009)).toEqual(both(9))
      expect(await at(1_700_000_000_010)).toEqual(both(10))
    })

    it('tells the settings in force of topics, and changes some of them', async () => {
      const space = workspace()
      const { admin } = space
      const topic = await space.topic(1, { 'cleanup.policy': 'compact', 'segment.ms': '3600000' })
      const settings = async () => (await admin.topicConfigs([topic, space.name('missing')])).get(topic)
      expect(await settings()).toMatchObject({ 'cleanup.policy': 'compact', 'segment.ms': '3600000' })
      expect([...(await admin.topicConfigs([topic, space.name('missing')])).keys()]).toEqual([topic])
      await admin.alterTopicConfigs(topic, { 'segment.ms': '7200000', 'retention.ms': '86400000' })
      await until('the change is known', async () => (await settings())?.['segment.ms'] === '7200000')
      expect(await settings()).toMatchObject({
        'cleanup.policy': 'compact',
        'segment.ms': '7200000',
        'retention.ms': '86400000'
      })
      await expect(
        admin.alterTopicConfigs(space.name('missing'), { 'segment.ms': '1000' })
      ).rejects.toMatchObject({
        code: 'TOPIC_MISSING'
      })
    })

    it('tells the features that the cluster has agreed on', async () => {
      const features = await workspace().admin.finalizedFeatures()
      for (const [name, level] of features) {
        expect(name).toMatch(/^[a-z.]+$/)
        expect(Number.isInteger(level)).toBe(true)
      }
    })

    it('finds open transactions by prefix, and ends one by fencing its owner', async () => {
      const space = workspace()
      const { admin } = space
      const topic = await space.topic()
      const prefix = space.name('owner')
      const open = async (transactionalId: string) => {
        const producer = await space.client.transactionalProducer({ clientId: 'owner', transactionalId })
        await producer.begin()
        await append(producer, topic, numbered(2))
        await producer.flush()
        return producer
      }
      const dead = await open(`${prefix}-1`)
      const other = await open(space.name('other'))
      const mine = async () => (await admin.openTransactions(prefix)).map((one) => one.transactionalId)
      const ends = async () => {
        const partitions = [{ topic, partition: 0 }]
        const name = partitionName(topic, 0)
        return [
          (await admin.listOffsets(partitions, 'latest-stable')).get(name),
          (await admin.listOffsets(partitions, 'latest')).get(name)
        ]
      }
      try {
        expect(await admin.openTransactions(prefix)).toMatchObject([
          { transactionalId: `${prefix}-1`, producerId: expect.any(Number), state: 'Ongoing' }
        ])
        expect(await ends()).toEqual([0, 4])
        await admin.fenceTransactionalId(`${prefix}-1`)
        await until('the transaction has ended', async () => (await mine()).length === 0)
        await expect(dead.commit()).rejects.toMatchObject({ code: 'PRODUCER_FENCED' })
        await other.commit()
        await until('all transactions are decided', async () => {
          const [stable, end] = await ends()
          return stable === end
        })
        expect((await space.read(topic, 2)).map(({ value }) => value)).toEqual(['v0', 'v1'])
        // an id that nobody owns can be fenced as well
        await admin.fenceTransactionalId(space.name('nobody'))
      } finally {
        await dead.close().catch(() => undefined)
        await other.close()
      }
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
