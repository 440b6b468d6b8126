import { describe, expect, it } from 'vitest'
import { integer } from '../../core/serdes/integer.ts'
import { BatchBuilder } from '../../kafka/batch/batch-builder.ts'
import { checkBatches } from '../../kafka/batch/check-batches.ts'
import { crc32c } from '../../kafka/batch/crc32c.ts'
import { murmur2, partitionForKey } from '../../kafka/batch/murmur2.ts'
import {
  add,
  atOffset,
  batchOf,
  copy,
  finish,
  most,
  randomRecord,
  read,
  sizes,
  text,
  texts,
  whole
} from './plain-records.ts'
import { Random } from './random.ts'

describe('a batch, built and walked', () => {
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)
    it(`gives back what was put in, compression ${compression}`, () => {
      const builder = new BatchBuilder('t', 0)
      for (let seed = 1; seed <= 15; seed++) {
        const random = new Random(seed)
        const records = Array.from({ length: 1 + random.below(60) }, () => randomRecord(random))
        for (const record of records) expect(add(builder, record)).toBe(record.value?.length ?? -1)
        expect(builder.count).toBe(records.length)
        expect(builder.firstTimestamp).toBe(records[0]?.timestamp)
        expect(builder.maxTimestamp).toBe(Math.max(...records.map(({ timestamp }) => timestamp)))
        const size = builder.bytes
        const batch = atOffset(finish(builder, compression), 5_000_000_000)
        if (compression === 'none') expect(batch.length).toBe(size)
        else expect(batch.length).toBeLessThanOrEqual(size)
        expect(checkBatches(batch, 0, batch.length, 't', 0)).toEqual({
          end: batch.length,
          nextOffset: 5_000_000_000 + records.length
        })
        expect(read(whole(batch)), `seed ${seed}`).toEqual(
          records.map((record, index) => ({ ...record, offset: 5_000_000_000 + index }))
        )
      }
    })

  it('takes every size around the boundaries of lengths, whatever came before', () => {
    for (const first of sizes)
      for (const second of sizes) {
        const builder = new BatchBuilder('t', 0)
        for (const size of [first, second, 5])
          add(builder, { key: null, value: Buffer.alloc(size, 7), timestamp: 1, headers: [] })
        expect(read(whole(finish(builder))).map(({ value }) => value?.length)).toEqual([first, second, 5])
      }
  })

  it('says in its head what a broker wants to know', () => {
    const builder = new BatchBuilder('t', 0)
    for (const timestamp of [2000, 9000, 1000]) builder.append(null, 0, 0, text, 'x', timestamp, [], most)
    const options = { producerId: 2 ** 40 + 3, producerEpoch: 7, baseSequence: 99, transactional: true }
    const batch = copy(builder.finish({ ...options, compression: 'none' }))
    expect(batch.readInt32BE(8)).toBe(batch.length - 12)
    expect(batch.readInt32BE(12)).toBe(-1)
    expect(batch.readInt16BE(21)).toBe(0b10000)
    expect(batch.readInt32BE(23)).toBe(2)
    expect(batch.readBigInt64BE(27)).toBe(2000n)
    expect(batch.readBigInt64BE(35)).toBe(9000n)
    expect(batch.readBigInt64BE(43)).toBe(2n ** 40n + 3n)
    expect(batch.readInt16BE(51)).toBe(7)
    expect(batch.readInt32BE(53)).toBe(99)
    expect(batch.readInt32BE(57)).toBe(3)
    expect(builder.count).toBe(0)
  })

  it('is as it was after a record that was refused', () => {
    const builder = new BatchBuilder('t', 3)
    const append = (value: string, timestamp = 1000) =>
      builder.append(null, 0, 0, text, value, timestamp, [], 10_000)
    append('one')
    const before = builder.bytes
    expect(() => append('x'.repeat(300_000))).toThrow(expect.objectContaining({ code: 'RECORD_TOO_LARGE' }))
    expect(() => append('x', -5)).toThrow(expect.objectContaining({ code: 'SERIALIZATION' }))
    expect(() => append('x', Number.NaN)).toThrow(expect.objectContaining({ code: 'SERIALIZATION' }))
    expect(() => builder.append(null, 0, 0, integer(), 0.5, 1000, [], most)).toThrow('0.5')
    expect([builder.bytes, builder.count, builder.maxTimestamp]).toEqual([before, 1, 1000])
    append('two')
    expect(texts(whole(finish(builder)))).toEqual(['one', 'two'])
  })

  it('counts the head against the bound of a record, to the byte', () => {
    // 61 of the batch; length 2, attributes, deltas and key length 4, value length 2, headers 1
    const size = 61 + 2 + 4 + 2 + 1 + 500
    const append = (bound: number) =>
      new BatchBuilder('t', 3).append(null, 0, 0, text, 'x'.repeat(500), 1, [], bound)
    expect(append(size)).toBe(500)
    expect(() => append(size - 1)).toThrow('t-3')
  })

  it('can be sealed without its last record, which goes into the next', () => {
    const options = { producerId: -1, producerEpoch: -1, baseSequence: -1, transactional: false }
    for (const compression of ['none', 'lz4'] as const)
      for (const size of sizes) {
        const builder = new BatchBuilder('t', 0)
        const last = { key: Buffer.from('k'), value: Buffer.alloc(size, 1), timestamp: 9000, headers: [] }
        const [first, second] = [
          { ...last, value: Buffer.from('first'), timestamp: 5000 },
          { ...last, value: null, timestamp: 4000 }
        ]
        for (const record of [first, second, last]) add(builder, record)
        const sealed = copy(builder.finishWithoutLast({ ...options, compression }))
        expect(sealed.readBigInt64BE(35)).toBe(5000n)
        expect([builder.count, builder.firstTimestamp, builder.maxTimestamp]).toEqual([1, 9000, 9000])
        add(builder, first)
        expect(read(whole(sealed))).toMatchObject([first, second])
        expect(read(whole(finish(builder)))).toMatchObject([last, first])
      }
  })

  it('starts afresh after it was discarded', () => {
    const builder = new BatchBuilder('t', 0)
    builder.append(null, 0, 0, text, 'gone', 1, [], most)
    builder.discard()
    builder.append(null, 0, 0, text, 'there', 2, [], most)
    expect(texts(whole(finish(builder)))).toEqual(['there'])
  })
})

describe('the check of fetched batches', () => {
  const two = () => Buffer.concat([batchOf('a', 'b'), atOffset(batchOf('c'), 2)])

  it('ignores a last batch that is there in part', () => {
    const run = two()
    const first = batchOf('a', 'b').length
    for (let end = first; end < run.length; end++)
      expect(checkBatches(run, 0, end, 't', 0)).toEqual({ end: first, nextOffset: 2 })
    expect(checkBatches(run, 0, run.length, 't', 0)).toEqual({ end: run.length, nextOffset: 3 })
    expect(checkBatches(run, 0, 30, 't', 0)).toEqual({ end: 0, nextOffset: -1 })
    expect(checkBatches(run, first, run.length, 't', 0)).toEqual({ end: run.length, nextOffset: 3 })
  })

  it('finds any flipped bit from the magic on', () => {
    const length = batchOf('a', 'b').length
    for (let at = 16; at < length; at++) {
      const run = two()
      run[at] = (run[at] as number) ^ (1 << (at % 8))
      expect(() => checkBatches(run, 0, run.length, 'sales', 4)).toThrow(
        expect.objectContaining({ code: 'BATCH_CORRUPT', message: expect.stringContaining('sales-4') })
      )
    }
  })

  it('refuses older formats and impossible lengths', () => {
    const run = two()
    run.writeInt32BE(20, 8)
    expect(() => checkBatches(run, 0, run.length, 't', 0)).toThrow('length 20')
    run.writeInt8(1, 16)
    expect(() => checkBatches(run, 0, run.length, 't', 0)).toThrow('format 1')
  })
})

describe('hashes', () => {
  it("murmur2 is Kafka's", () => {
    const vectors: readonly (readonly [string, number])[] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
      ['abc', 479470107]
    ]
    for (const [key, hash] of vectors) {
      const padded = Buffer.from(`pad${key}pad`)
      expect(murmur2(padded, 3, 3 + key.length), key).toBe(hash)
      expect(partitionForKey(padded, 3, 3 + key.length, 7)).toBe((hash & 0x7fffffff) % 7)
    }
  })

  it("crc32c is Castagnoli's", () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(crc32c(Buffer.alloc(0))).toBe(0)
  })
})
