import { describe, expect, it } from 'vitest'
import {
  append,
  decode,
  numbered,
  offsets,
  takeFor,
  takeRecords,
  until,
  values,
  type Workspace
} from './workspace.ts'

export function describeConsumer(workspace: () => Workspace): void {
  describe('a consumer', () => {
    it('starts at any offset, within a batch too, and tells its position and lag', async () => {
      const space = workspace()
      const topic = await space.topic()
      await space.write(topic, numbered(10))
      const consumer = space.consumer()
      expect(consumer.position(topic, 0)).toBeUndefined()
      expect(consumer.lag(topic, 0)).toBeUndefined()
      consumer.assign([{ topic, partition: 0, offset: 4 }])
      expect(consumer.position(topic, 0)).toBe(4)
      expect(offsets(await takeRecords(consumer, 6))).toEqual([4, 5, 6, 7, 8, 9])
      expect(consumer.position(topic, 0)).toBe(10)
      await until('the consumer has caught up', () => consumer.lag(topic, 0) === 0)
    })

    it('says where the log ends', async () => {
      const space = workspace()
      const topic = await space.topic()
      await space.write(topic, numbered(7))
      const consumer = space.consumer()
      consumer.assign([{ topic, partition: 0, offset: 0 }])
      await until('something arrived', async () => {
        await consumer.arrival(200)
        const [fetched] = consumer.take()
        if (fetched === undefined) return false
        expect(fetched).toMatchObject({ topic, partition: 0, highWatermark: 7, lastStableOffset: 7 })
        expect(fetched.batches).toMatchObject({ from: 0, next: 7 })
        return true
      })
    })

    it('delivers records that are written while it waits', async () => {
      const space = workspace()
      const topic = await space.topic()
      const consumer = space.consumer()
      consumer.assign([{ topic, partition: 0, offset: 0 }])
      expect(await takeFor(consumer, 300)).toEqual([])
      const producer = await space.producer()
      for (let round = 0; round < 3; round++) {
        const arrival = consumer.arrival(10_000)
        await append(producer, topic, numbered(5, 0, round * 5))
        await producer.flush()
        await arrival
        expect(values(await takeRecords(consumer, 5))).toEqual(
          numbered(5, 0, round * 5).map(({ value }) => value)
        )
      }
    })

    it('waits for an arrival no longer than told', async () => {
      const space = workspace()
      const topic = await space.topic()
      const consumer = space.consumer()
      await consumer.arrival(20)
      consumer.assign([{ topic, partition: 0, offset: 0 }])
      const start = Date.now()
      while (Date.now() - start < 300) {
        await consumer.arrival(50)
        expect(consumer.take()).toEqual([])
      }
      expect(Date.now() - start).toBeLessThan(5000)
    })

    it('moves to another offset and drops what it fetched before', async () => {
      const space = workspace()
      const topic = await space.topic()
      await space.write(topic, numbered(20), { batchBytes: 100 })
      const consumer = space.consumer()
      consumer.assign([{ topic, partition: 0, offset: 0 }])
      await consumer.arrival(10_000)
      consumer.assign([{ topic, partition: 0, offset: 15 }])
      expect(consumer.position(topic, 0)).toBe(15)
      expect(offsets(await takeRecords(consumer, 5))).toEqual([15, 16, 17, 18, 19])
      consumer.assign([{ topic, partition: 0, offset: 18 }])
      expect(offsets(await takeRecords(consumer, 2))).toEqual([18, 19])
    })

    it('delivers nothing of a paused partition, and all of it after it resumed', async () => {
      const space = workspace()
      const topic = await space.topic(2)
      await space.write(topic, [...numbered(10, 0), ...numbered(10, 1, 10)])
      const consumer = space.consumer()
      consumer.assign([0, 1].map((partition) => ({ topic, partition, offset: 0 })))
      consumer.pause(topic, 0)
      expect(values(await takeRecords(consumer, 10))).toEqual(numbered(10, 1, 10).map(({ value }) => value))
      expect(await takeFor(consumer, 400)).toEqual([])
      expect(consumer.position(topic, 0)).toBe(0)
      consumer.resume(topic, 0)
      expect(values(await takeRecords(consumer, 10))).toEqual(numbered(10).map(({ value }) => value))
      // paused while its data may have arrived already
      await space.write(topic, numbered(5, 0, 100))
      await consumer.arrival(10_000)
      consumer.pause(topic, 0)
      expect(await takeFor(consumer, 400)).toEqual([])
      consumer.resume(topic, 0)
      expect(values(await takeRecords(consumer, 5))).toEqual(numbered(5, 0, 100).map(({ value }) => value))
    })

    it('delivers nothing of a partition after unassign returned', async () => {
      const space = workspace()
      const topic = await space.topic(2)
      await space.write(topic, [...numbered(500, 0), ...numbered(500, 1)], { batchBytes: 1000 })
      const consumer = space.consumer()
      consumer.assign([0, 1].map((partition) => ({ topic, partition, offset: 0 })))
      await consumer.arrival(10_000)
      consumer.unassign([{ topic, partition: 0 }])
      expect(consumer.position(topic, 0)).toBeUndefined()
      const seen = await takeRecords(consumer, 500)
      expect(seen.every(({ partition }) => partition === 1)).toBe(true)
      expect(await takeFor(consumer, 400)).toEqual([])
      consumer.assign([{ topic, partition: 0, offset: 490 }])
      expect(offsets(await takeRecords(consumer, 10))).toEqual([
        490, 491, 492, 493, 494, 495, 496, 497, 498, 499
      ])
    })

    it('delivers a batch larger than its bounds', async () => {
      const space = workspace()
      const topic = await space.topic()
      const records = numbered(300).map((record) => ({ ...record, value: 'x'.repeat(300) }))
      await space.write(topic, records)
      const consumer = space.consumer({ partitionMaxBytes: 1000, maxBytes: 1000 })
      consumer.assign([{ topic, partition: 0, offset: 0 }])
      expect(offsets(await takeRecords(consumer, 300))).toEqual(records.map((_, offset) => offset))
    })

    it('reads all partitions when the bounds cut each fetch short', async () => {
      const space = workspace()
      const topic = await space.topic(4)
      const partitions = [0, 1, 2, 3]
      await space.write(
        topic,
        partitions.flatMap((partition) => numbered(200, partition)),
        { batchBytes: 500 }
      )
      const consumer = space.consumer({ partitionMaxBytes: 1000, maxBytes: 2000 })
      consumer.assign(partitions.map((partition) => ({ topic, partition, offset: 0 })))
      const seen = await takeRecords(consumer, 800)
      for (const partition of partitions)
        expect(offsets(seen.filter((record) => record.partition === partition))).toEqual(
          Array.from({ length: 200 }, (_, offset) => offset)
        )
    })

    it('gives the time of the log where the topic says so', async () => {
      const space = workspace()
      const topic = await space.topic(1, { 'message.timestamp.type': 'LogAppendTime' })
      const before = Date.now() - 60_000
      await space.write(topic, numbered(3))
      for (const { timestamp } of await space.read(topic, 3)) {
        expect(timestamp).toBeGreaterThan(before)
        expect(timestamp).toBeLessThan(Date.now() + 60_000)
      }
    })

    for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'])
      it(`reads what the broker itself compressed with ${compression}`, async () => {
        const space = workspace()
        const topic = await space.topic(1, { 'compression.type': compression })
        // several blocks of each format, in one batch
        const records = numbered(3000).map((record, index) => ({
          ...record,
          value: `${Math.sin(index)}${'x'.repeat(index % 277)}`
        }))
        await space.write(topic, records, { batchBytes: 900_000 })
        expect(values(await space.read(topic, records.length))).toEqual(records.map(({ value }) => value))
      })

    it('throws TOPIC_MISSING for a topic that is not there', async () => {
      const space = workspace()
      const consumer = space.consumer()
      consumer.assign([{ topic: space.name('missing'), partition: 0, offset: 0 }])
      await until('it throws', async () => {
        await consumer.arrival(200)
        try {
          consumer.take().flatMap(decode)
          return false
        } catch (error) {
          expect(error).toMatchObject({ code: 'TOPIC_MISSING' })
          return true
        }
      })
    })
  })
}
