import { describe, expect, it } from 'vitest'
import { textHeader } from '../../../core/record.ts'
import { integer } from '../../../core/serdes/integer.ts'
import { string } from '../../../core/serdes/string.ts'
import { append, numbered, offsets, type Plain, takeRecords, values, type Workspace } from './workspace.ts'

const text = string()

export function describeProducer(workspace: () => Workspace): void {
  describe('a producer', () => {
    it('writes keys, values, timestamps and headers as they are', async () => {
      const space = workspace()
      const topic = await space.topic()
      const records: readonly Required<Plain>[] = [
        { key: 'a', value: 'one', timestamp: 1_700_000_000_000, headers: [], partition: 0 },
        { key: null, value: 'no key', timestamp: 1_700_000_000_500, headers: [], partition: 0 },
        { key: '', value: 'empty key', timestamp: 1_699_999_999_000, headers: [], partition: 0 },
        { key: 'a', value: null, timestamp: 1_700_000_000_000, headers: [], partition: 0 },
        { key: 'b', value: '', timestamp: 852_076_800_000, headers: [], partition: 0 },
        { key: 'größe', value: '{"名":"é"}', timestamp: 0, headers: [], partition: 0 },
        {
          key: 'h',
          value: 'headers',
          timestamp: 1_700_000_000_001,
          headers: [
            textHeader('source', 'file.csv'),
            textHeader('source', 'again'),
            textHeader('leer', ''),
            { key: 'none', value: null }
          ],
          partition: 0
        }
      ]
      await space.write(topic, records)
      const seen = await space.read(topic, records.length)
      expect(seen).toEqual(records.map((record, offset) => ({ ...record, topic, offset })))
    })

    it('keeps the order within each partition over many batches', async () => {
      const space = workspace()
      const topic = await space.topic(3)
      const records = Array.from({ length: 6000 }, (_, index) => ({
        key: `k${index}`,
        value: `${index}-${'x'.repeat(index % 100)}`,
        partition: (index * 7) % 3
      }))
      await space.write(topic, records, { batchBytes: 4096 })
      const consumer = space.consumer()
      consumer.assign([0, 1, 2].map((partition) => ({ topic, partition, offset: 0 })))
      const seen = await takeRecords(consumer, records.length)
      for (const partition of [0, 1, 2]) {
        const mine = seen.filter((record) => record.partition === partition)
        expect(offsets(mine)).toEqual(mine.map((_, offset) => offset))
        expect(values(mine)).toEqual(
          records.filter((record) => record.partition === partition).map(({ value }) => value)
        )
      }
    })

    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)
      it(`writes what can be read again, compression ${compression}`, async () => {
        const space = workspace()
        const topic = await space.topic()
        await space.write(topic, numbered(2000), { compression, batchBytes: 16 * 1024 })
        expect(values(await space.read(topic, 2000))).toEqual(numbered(2000).map(({ value }) => value))
      })

    it('takes values of 0 bytes to 200 kB and says how long each was', async () => {
      const space = workspace()
      const topic = await space.topic()
      const lengths = [0, 1, 63, 64, 127, 128, 8191, 8192, 200_000, 1, 65_536, 16_384, 2]
      const producer = await space.producer()
      const target = await producer.topic(topic)
      for (const length of lengths)
        expect(target.append(0, null, 0, 0, text, 'x'.repeat(length), 1, [])).toBe(length)
      expect(target.append(0, null, 0, 0, text, null, 1, [])).toBe(-1)
      await producer.flush()
      const seen = await space.read(topic, lengths.length + 1)
      expect(seen.map(({ value }) => value?.length ?? -1)).toEqual([...lengths, -1])
    })

    it('takes a key that is a range of a larger buffer', async () => {
      const space = workspace()
      const topic = await space.topic()
      const producer = await space.producer()
      const target = await producer.topic(topic)
      const bytes = Buffer.from('..key..')
      target.append(0, bytes, 2, 5, text, 'v', 1, [])
      bytes.fill('!')
      await producer.flush()
      expect((await space.read(topic, 1))[0]?.key).toBe('key')
    })

    it('goes on after a record that was too large or could not be encoded', async () => {
      const space = workspace()
      const topic = await space.topic()
      const producer = await space.producer({ maxRecordBytes: 100_000 })
      const target = await producer.topic(topic)
      target.append(0, null, 0, 0, text, 'before', 1, [])
      expect(() => target.append(0, null, 0, 0, text, 'x'.repeat(200_000), 1, [])).toThrow(
        expect.objectContaining({ code: 'RECORD_TOO_LARGE' })
      )
      expect(() => target.append(0, null, 0, 0, integer(), 0.5, 1, [])).toThrow(
        expect.objectContaining({ code: 'SERIALIZATION' })
      )
      expect(() => target.append(0, null, 0, 0, text, 'x', -1, [])).toThrow(
        expect.objectContaining({ code: 'SERIALIZATION' })
      )
      target.append(0, null, 0, 0, text, 'after', 1, [])
      await producer.flush()
      await append(producer, topic, [{ value: 'later' }])
      await producer.flush()
      expect(values(await space.read(topic, 3))).toEqual(['before', 'after', 'later'])
    })

    it('takes a record as large as allowed when its batch has others', async () => {
      const space = workspace()
      const topic = await space.topic()
      const large = 'x'.repeat(1_048_000)
      const small = 'y'.repeat(20_000)
      const records = [small, small, small, large, small, large, large].map((value) => ({ value }))
      await space.write(topic, records)
      expect(values(await space.read(topic, records.length))).toEqual(records.map(({ value }) => value))
    })

    it('tells what was acknowledged', async () => {
      const space = workspace()
      const topic = await space.topic(2)
      const producer = await space.producer()
      expect(producer.acknowledged(topic, 0)).toBeUndefined()
      await append(producer, topic, numbered(3))
      await producer.flush()
      expect(producer.acknowledged(topic, 0)).toBe(3)
      expect(producer.acknowledged(topic, 1)).toBeUndefined()
      await append(producer, topic, numbered(2))
      await producer.flush()
      expect(producer.acknowledged(topic, 0)).toBe(5)
      const other = await space.write(topic, numbered(1))
      expect(other.acknowledged(topic, 0)).toBe(6)
      expect(producer.acknowledged(topic, 0)).toBe(5)
    })

    it('has room again after waiting for it', async () => {
      const space = workspace()
      const topic = await space.topic(2)
      const producer = await space.producer({ bufferBytes: 64 * 1024, batchBytes: 8 * 1024 })
      expect(producer.hasRoom()).toBe(true)
      const records = numbered(20_000)
      await append(producer, topic, records)
      await producer.flush()
      expect(producer.hasRoom()).toBe(true)
      expect(producer.acknowledged(topic, 0)).toBe(records.length)
      await producer.flush()
    })

    it('throws TOPIC_MISSING for a topic that is not there', async () => {
      const space = workspace()
      const producer = await space.producer()
      await expect(producer.topic(space.name('missing'))).rejects.toMatchObject({ code: 'TOPIC_MISSING' })
      const topic = await space.topic(3)
      await expect(producer.topic(topic)).resolves.toMatchObject({ name: topic, partitions: 3 })
    })
  })
}
