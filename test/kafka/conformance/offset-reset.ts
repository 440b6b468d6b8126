import { describe, expect, it } from 'vitest'
import { numbered, offsets, takeFor, takeRecords, until, type Workspace } from './workspace.ts'

export function describeOffsetReset(workspace: () => Workspace): void {
  describe('a position outside the log', () => {
    /** Ten records, of which the first five were deleted. */
    async function half(space: Workspace): Promise<string> {
      const topic = await space.topic()
      await space.write(topic, numbered(10))
      await space.admin.deleteRecords([{ topic, partition: 0, offset: 5 }])
      return topic
    }

    it('moves to the start with `earliest`', async () => {
      const space = workspace()
      const topic = await half(space)
      for (const offset of [0, 100]) {
        const consumer = space.consumer({ offsetReset: 'earliest' })
        consumer.assign([{ topic, partition: 0, offset }])
        expect(offsets(await takeRecords(consumer, 5))).toEqual([5, 6, 7, 8, 9])
      }
    })

    it('moves to the end with `latest`', async () => {
      const space = workspace()
      const topic = await half(space)
      const consumer = space.consumer({ offsetReset: 'latest' })
      consumer.assign([{ topic, partition: 0, offset: 2 }])
      expect(await takeFor(consumer, 500)).toEqual([])
      await until('the position is the end', async () => {
        await takeFor(consumer, 50)
        return consumer.position(topic, 0) === 10
      })
      await space.write(topic, numbered(2))
      expect(offsets(await takeRecords(consumer, 2))).toEqual([10, 11])
    })

    for (const offset of [2, 100])
      it(`throws OFFSET_OUT_OF_RANGE with \`fail\`, offset ${offset}`, async () => {
        const space = workspace()
        const topic = await half(space)
        const consumer = space.consumer()
        consumer.assign([{ topic, partition: 0, offset }])
        await until('it throws', async () => {
          await consumer.arrival(200)
          try {
            expect(consumer.take()).toEqual([])
            return false
          } catch (error) {
            expect(error).toMatchObject({
              code: 'OFFSET_OUT_OF_RANGE',
              message: expect.stringContaining(topic)
            })
            return true
          }
        })
        consumer.assign([{ topic, partition: 0, offset: 8 }])
        expect(offsets(await takeRecords(consumer, 2))).toEqual([8, 9])
      })
  })
}
