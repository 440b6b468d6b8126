import { describe, expect, it } from 'vitest'
import { BatchBuilder } from '../../kafka/batch/batch-builder.ts'
import { compress } from '../../kafka/batch/compression.ts'
import { add, atOffset, batchOf, finish, randomRecord, read, texts, whole } from './plain-records.ts'
import { Random } from './random.ts'

describe('the cursor', () => {
  const three = () =>
    Buffer.concat([batchOf('a', 'b'), atOffset(batchOf('c', 'd'), 2), atOffset(batchOf('e'), 4)])

  it('starts at the offset wanted and passes over the batches to skip', () => {
    expect(texts(whole(three(), { from: 1 }))).toEqual(['b', 'c', 'd', 'e'])
    expect(texts(whole(three(), { from: 3 }))).toEqual(['d', 'e'])
    expect(texts(whole(three(), { from: 9 }))).toEqual([])
    expect(texts(whole(three(), { skip: new Set([2]) }))).toEqual(['a', 'b', 'e'])
  })

  it('passes over control batches and gives LogAppendTime records the time of the log', () => {
    const run = three()
    const second = batchOf('a', 'b').length
    run.writeInt16BE(1 << 5, 21)
    run.writeInt16BE(1 << 3, second + 21)
    run.writeBigInt64BE(852_076_800_000n, second + 35)
    expect(read(whole(run)).map(({ value, timestamp }) => [String(value), timestamp])).toEqual([
      ['c', 852_076_800_000],
      ['d', 852_076_800_000],
      ['e', 1000]
    ])
  })

  it('reads snappy as Java frames it', () => {
    const batch = batchOf('x'.repeat(1000), 'y'.repeat(1000))
    const records = batch.subarray(61)
    const blocks = [records.subarray(0, 700), records.subarray(700)].flatMap((part) => {
      const packed = compress('snappy', part)
      const length = Buffer.alloc(4)
      length.writeInt32BE(packed.length)
      return [length, packed]
    })
    const magic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
    const framed = Buffer.concat([batch.subarray(0, 61), magic, ...blocks])
    framed.writeInt32BE(framed.length - 12, 8)
    framed.writeInt16BE(2, 21)
    expect(texts(whole(framed))).toEqual(['x'.repeat(1000), 'y'.repeat(1000)])
  })

  it('refuses what would be read beyond its bounds', () => {
    const corrupt = expect.objectContaining({
      code: 'BATCH_CORRUPT',
      message: expect.stringContaining('t-0')
    })
    const changed = (change: (batch: Buffer) => unknown) => {
      const batch = batchOf('abc', 'def')
      change(batch)
      return () => read(whole(batch))
    }
    expect(changed((batch) => batch.writeInt8(1, 16))).toThrow(corrupt)
    expect(changed((batch) => batch.writeInt32BE(3, 57))).toThrow(corrupt)
    expect(changed((batch) => batch.writeInt32BE(1, 57))).toThrow(corrupt)
    expect(changed((batch) => batch.writeInt32BE(batch.length, 8))).toThrow(corrupt)
    expect(changed((batch) => batch.writeInt16BE(5, 21))).toThrow(corrupt)
    for (const bits of [1, 2, 3, 4]) expect(changed((batch) => batch.writeInt16BE(bits, 21))).toThrow(corrupt)
    for (const at of [61, 66]) expect(changed((batch) => batch.writeInt8(126, at))).toThrow(corrupt)
  })

  it('never reads beyond its bounds, whatever the bytes', () => {
    const random = new Random(7)
    const builder = new BatchBuilder('t', 0)
    for (let i = 0; i < 2000; i++) {
      for (let n = 0; n < 5; n++)
        add(builder, { ...randomRecord(random), value: random.bytes(random.below(90)) })
      const batch = finish(builder)
      for (let n = 0; n < 3; n++) batch[57 + random.below(batch.length - 57)] = random.below(256)
      try {
        read(whole(batch))
      } catch (error) {
        expect(error).toMatchObject({ code: 'BATCH_CORRUPT' })
      }
    }
  })
})
