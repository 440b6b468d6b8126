import { describe, expect, it } from 'vitest'
import { partitionName } from '../../../core/record.ts'
import { string } from '../../../core/serdes/string.ts'
import type { TransactionalProducer } from '../../../kafka/port/producer.ts'
import { Random } from '../random.ts'
import { describeTransactionOffsets } from './transaction-offsets.ts'
import { append, numbered, takeFor, takeRecords, until, values, type Workspace } from './workspace.ts'

const text = string()

async function transaction(
  producer: TransactionalProducer,
  topic: string,
  value: string,
  end: 'commit' | 'abort'
): Promise<void> {
  await producer.begin()
  await append(producer, topic, [{ value }])
  await producer[end]()
}

export function describeTransactions(workspace: () => Workspace): void {
  describe('a transactional producer', () => {
    it('shows records when they are committed, not before', async () => {
      const space = workspace()
      const topic = await space.topic(2)
      const producer = await space.transactional()
      const committed = space.consumer()
      const uncommitted = space.consumer({ isolation: 'read_uncommitted' })
      for (const consumer of [committed, uncommitted])
        consumer.assign([0, 1].map((partition) => ({ topic, partition, offset: 0 })))
      await producer.begin()
      await append(producer, topic, [...numbered(3, 0), ...numbered(3, 1, 3)])
      await producer.flush()
      expect(values(await takeRecords(uncommitted, 6)).sort()).toEqual(['v0', 'v1', 'v2', 'v3', 'v4', 'v5'])
      expect(await takeFor(committed, 300)).toEqual([])
      expect(committed.position(topic, 0)).toBe(0)
      await until('it has caught up', () => committed.lag(topic, 0) === 0)
      await producer.commit()
      expect(values(await takeRecords(committed, 6)).sort()).toEqual(['v0', 'v1', 'v2', 'v3', 'v4', 'v5'])
      expect(producer.acknowledged(topic, 0)).toBe(3)
      await until('the position is past the marker', async () => {
        await committed.arrival(100)
        committed.take()
        return committed.position(topic, 0) === 4 && committed.lag(topic, 0) === 0
      })
    })

    it('drops what is aborted, sent or not, and goes on', async () => {
      const space = workspace()
      const topic = await space.topic()
      const producer = await space.transactional({ batchBytes: 200, lingerMs: 1000 })
      await transaction(producer, topic, 'one', 'commit')
      await producer.begin()
      await append(producer, topic, numbered(50))
      await producer.flush()
      await append(producer, topic, numbered(20, 0, 100))
      await producer.abort()
      await producer.begin()
      await append(producer, topic, numbered(30, 0, 200))
      // some of it was sent, some is under way, some is open
      await producer.abort()
      await transaction(producer, topic, 'two', 'commit')
      expect(values(await space.read(topic, 2))).toEqual(['one', 'two'])
      await producer.begin()
      await append(producer, topic, numbered(5))
      await producer.close()
      await space.write(topic, [{ value: 'three' }])
      expect(values(await space.read(topic, 3))).toEqual(['one', 'two', 'three'])
    })

    it('keeps exactly what was committed of many transactions', async () => {
      const space = workspace()
      const topic = await space.topic(3)
      const random = new Random(20)
      const producer = await space.transactional({ batchBytes: 500, lingerMs: 2 })
      const expected: string[] = []
      let number = 0
      for (let round = 0; round < 40; round++) {
        const records = numbered(random.below(80), 0, number).map((record) => ({
          ...record,
          partition: random.below(3)
        }))
        number += records.length
        await producer.begin()
        await append(producer, topic, records)
        if (random.below(3) === 0) await producer.flush()
        if (random.below(3) === 0) await producer.abort()
        else {
          await producer.commit()
          expected.push(...records.map(({ value }) => value as string))
        }
      }
      const consumer = space.consumer()
      consumer.assign([0, 1, 2].map((partition) => ({ topic, partition, offset: 0 })))
      const seen = await takeRecords(consumer, expected.length)
      expect(values(seen).sort()).toEqual([...expected].sort())
      for (const partition of [0, 1, 2]) {
        const numbers = seen
          .filter((record) => record.partition === partition)
          .map(({ value }) => Number(value?.slice(1)))
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
      }
    })

    it('fences who had its transactional id, and ends that one’s transaction', async () => {
      const space = workspace()
      const topic = await space.topic()
      const transactionalId = space.name('owner')
      const former = await space.transactional({ transactionalId })
      await former.begin()
      await append(former, topic, [{ value: 'lost' }])
      await former.flush()
      const next = await space.transactional({ transactionalId })
      await transaction(next, topic, 'kept', 'commit')
      await append(former, topic, [{ value: 'late' }])
      const fenced = expect.objectContaining({
        code: 'PRODUCER_FENCED',
        message: expect.stringContaining(`'${transactionalId}'`)
      })
      await expect(former.commit()).rejects.toEqual(fenced)
      await expect(former.abort()).rejects.toEqual(fenced)
      await expect(former.begin()).rejects.toEqual(fenced)
      await former.close()
      await transaction(next, topic, 'again', 'commit')
      expect(values(await space.read(topic, 2))).toEqual(['kept', 'again'])
    })

    it('commits and aborts transactions without records', async () => {
      const space = workspace()
      const topic = await space.topic()
      const producer = await space.transactional()
      await producer.abort()
      for (const end of ['commit', 'abort', 'commit'] as const) {
        await producer.begin()
        await producer[end]()
      }
      await transaction(producer, topic, 'one', 'commit')
      await producer.begin()
      await producer.abort()
      await transaction(producer, topic, 'two', 'commit')
      expect(values(await space.read(topic, 2))).toEqual(['one', 'two'])
    })

    it('refuses what is out of turn, and harms nothing', async () => {
      const space = workspace()
      const topic = await space.topic()
      const producer = await space.transactional()
      const target = await producer.topic(topic)
      const abortable = expect.objectContaining({ code: 'TRANSACTION_ABORTABLE' })
      expect(() => target.append(0, null, 0, 0, text, 'early', 1, [])).toThrow(abortable)
      await expect(producer.commit()).rejects.toEqual(abortable)
      await producer.begin()
      await expect(producer.begin()).rejects.toEqual(abortable)
      await producer.abort()
      await transaction(producer, topic, 'one', 'commit')
      expect(() => target.append(0, null, 0, 0, text, 'late', 1, [])).toThrow(abortable)
      await transaction(producer, topic, 'two', 'commit')
      expect(values(await space.read(topic, 2))).toEqual(['one', 'two'])
    })

    it('F: refuses a record that is too large, and the transaction goes on', async () => {
      const space = workspace()
      const topic = await space.topic()
      const producer = await space.transactional({ maxRecordBytes: 1000 })
      const target = await producer.topic(topic)
      const tooLarge = expect.objectContaining({ code: 'RECORD_TOO_LARGE' })
      const add = (value: string) => target.append(0, null, 0, 0, text, value, 1, [])
      await producer.begin()
      add('one')
      expect(() => add('x'.repeat(2000))).toThrow(tooLarge)
      add('two')
      await producer.commit()
      await producer.begin()
      add('lost')
      expect(() => add('x'.repeat(2000))).toThrow(tooLarge)
      await producer.abort()
      await transaction(producer, topic, 'three', 'commit')
      expect(values(await space.read(topic, 3))).toEqual(['one', 'two', 'three'])
    })

    it('fails the commit when a record is lost, and goes on after an abort', async () => {
      const space = workspace()
      const topic = await space.topic()
      const gone = await space.topic()
      const producer = await space.transactional({ deliveryTimeoutMs: 1000 })
      await producer.begin()
      await append(producer, topic, [{ value: 'lost' }])
      const target = await producer.topic(gone)
      target.append(0, null, 0, 0, text, 'lost, too', 1, [])
      await producer.flush()
      await space.admin.deleteTopics([gone])
      await until('it is gone', async () => !(await space.admin.describeTopics([gone])).has(gone))
      target.append(0, null, 0, 0, text, 'never written', 1, [])
      await expect(producer.commit()).rejects.toMatchObject({ code: 'TRANSACTION_ABORTABLE' })
      await expect(producer.commit()).rejects.toMatchObject({ code: 'TRANSACTION_ABORTABLE' })
      await producer.abort()
      await transaction(producer, topic, 'kept', 'commit')
      expect(values(await space.read(topic, 1))).toEqual(['kept'])
    })

    it('tells the last stable offset', async () => {
      const space = workspace()
      const topic = await space.topic()
      const partitions = [{ topic, partition: 0 }]
      const stable = async () =>
        (await space.admin.listOffsets(partitions, 'latest-stable')).get(partitionName(topic, 0))
      await space.write(topic, numbered(2))
      const [first, second] = [await space.transactional(), await space.transactional()]
      await first.begin()
      await append(first, topic, numbered(1))
      await first.flush()
      await second.begin()
      await append(second, topic, numbered(1))
      await second.flush()
      expect(await stable()).toBe(2)
      await first.abort()
      await until('the second one is the first open one', async () => (await stable()) === 3)
      await second.commit()
      await until('all is decided', async () => (await stable()) === 6)
    })
  })
  describeTransactionOffsets(workspace)
}
