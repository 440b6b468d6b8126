import { createHash } from 'node:crypto'
import { parquetReadObjects } from 'hyparquet'
import { beforeEach, expect, it } from 'vitest'
import { StreamsError } from '../../../core/errors.ts'
import type { LineItem } from '../../../processors/retail/model.ts'
import type { ObjectBucket } from '../../../sinks/object-store/object-bucket.ts'
import type { RangeManifest } from '../../../sinks/object-store/parquet-sink.ts'
import { trainingSets } from '../../../sinks/retail/training-sets.ts'
import type { Sink, SinkRecord } from '../../../sinks/sink.ts'
import { lineItem } from '../../retail/line-item.ts'

const topic = 'retail.line-items'
const validationFrom = '1998-10-01'

class MemoryBucket implements ObjectBucket {
  readonly objects = new Map<string, Buffer>()
  /** So many more objects are written, then the store is away. */
  left = Number.POSITIVE_INFINITY

  async *keys(prefix: string): AsyncGenerator<string> {
    for (const key of [...this.objects.keys()].sort()) if (key.startsWith(prefix)) yield key
  }

  async put(key: string, content: Buffer): Promise<void> {
    if (this.left-- <= 0) throw new StreamsError('OBJECT_STORE_UNAVAILABLE', 'away')
    this.objects.set(key, content)
  }

  checksums(): Record<string, string> {
    const hash = (content: Buffer) => createHash('sha256').update(content).digest('hex')
    return Object.fromEntries([...this.objects].map(([key, content]) => [key, hash(content)]).sort())
  }

  manifests(): RangeManifest[] {
    return [...this.objects]
      .filter(([key]) => key.includes('/_manifests/'))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, content]) => JSON.parse(content.toString()) as RangeManifest)
  }

  async rows(key: string): Promise<Record<string, unknown>[]> {
    const content = this.objects.get(key) as Buffer
    const file = content.buffer.slice(content.byteOffset, content.byteOffset + content.length) as ArrayBuffer
    return parquetReadObjects({ file })
  }
}

/** 250 line items of two countries on both sides of the split, and one that takes another back; offsets have gaps, as markers leave them. */
const records: SinkRecord<string, LineItem>[] = Array.from({ length: 250 }, (_, n) => ({
  topic,
  partition: 1,
  offset: n + Math.floor(n / 10),
  key: `US/${n}`,
  value: lineItem({
    row: n === 249 ? 200 : n + 1,
    rows: n === 249 ? -1 : 1,
    country: n % 3 === 0 ? 'CA' : 'US',
    businessDay: n % 2 === 0 ? '1998-09-30' : '1998-10-01',
    units: n === 249 ? -10000 : 10000 * (1 + (n % 5)),
    promotionId: n % 7 === 0 ? '5' : null,
    category: n % 4 === 0 ? null : 'Drinks',
    productKind: n === 11 ? 'charge' : 'product'
  }),
  timestamp: 0,
  headers: []
}))
const end = 280

let bucket: MemoryBucket
beforeEach(() => {
  bucket = new MemoryBucket()
})

const sinkOf = (to: ObjectBucket) =>
  trainingSets({ name: 'training', bucket: to, validationFrom, rangeOffsets: 64 })

/** Carries the records from an offset on, in batches of that many. */
async function carry(sink: Sink<string, LineItem>, from: number, size: number, to = end): Promise<void> {
  if (from === 0) await sink.open(topic, 'id', 1)
  for (let first = from; first < to; first += size) {
    const next = Math.min(first + size, to)
    const some = records.filter(({ offset }) => offset >= first && offset < next)
    await sink.write({ topic, topicId: 'id', partition: 1, records: some, first, next })
  }
}

it('writes each whole range, split by country and business day, with counts and checksums', async () => {
  expect(await sinkOf(bucket).open(topic, 'id', 1)).toBe(0)
  await carry(sinkOf(bucket), 0, 50)
  const manifests = bucket.manifests()
  expect(manifests.map(({ from, to }) => [from, to])).toEqual([
    [0, 64],
    [64, 128],
    [128, 192],
    [192, 256]
  ])
  const seen: Record<string, number> = {}
  for (const { objects, from, to, records: count } of manifests) {
    expect(count).toBe(records.filter(({ offset }) => offset >= from && offset < to).length)
    for (const { key, rows, bytes, sha256 } of objects) {
      const content = bucket.objects.get(key) as Buffer
      expect([content.length, createHash('sha256').update(content).digest('hex')]).toEqual([bytes, sha256])
      const read = await bucket.rows(key)
      expect(read.length).toBe(rows)
      const [, country, split] = /country=(..)\/split=([a-z]+)\//.exec(key) ?? []
      for (const row of read) {
        expect(row['country']).toBe(country)
        expect(String(row['business_day']) >= validationFrom).toBe(split === 'validation')
      }
      seen[`${country} ${split}`] = (seen[`${country} ${split}`] ?? 0) + rows
    }
  }
  const expected: Record<string, number> = {}
  for (const { value, offset } of records) {
    if (value === null || value.productKind !== 'product' || offset >= 256) continue
    const split = `${value.country} ${value.businessDay < validationFrom ? 'train' : 'validation'}`
    expected[split] = (expected[split] ?? 0) + 1
  }
  expect(seen).toEqual(expected)
  const [first] = await bucket.rows(manifests[0]?.objects.find(({ key }) => key.includes('US'))?.key ?? '')
  expect(first).toMatchObject({
    country: 'US',
    sign: 1,
    promoted: false,
    units: 3,
    list_price: 1.99,
    month: 9
  })
})

it('killed and started again, in other batches, the names and bytes are the same', async () => {
  await carry(sinkOf(bucket), 0, 50)
  const other = new MemoryBucket()
  await carry(sinkOf(other), 0, 13, 150)
  const second = sinkOf(other)
  const from = await second.open(topic, 'id', 1)
  expect(from).toBe(128)
  await carry(second, from as number, 37)
  expect(other.manifests()).toEqual(bucket.manifests())
  expect(other.checksums()).toEqual(bucket.checksums())
})

it('a store that is away is asked again, and the batch that comes again changes nothing', async () => {
  await carry(sinkOf(bucket), 0, 280)
  const other = new MemoryBucket()
  const sink = sinkOf(other)
  await sink.open(topic, 'id', 1)
  const batch = { topic, topicId: 'id', partition: 1, records, first: 0, next: end }
  other.left = 3
  await expect(sink.write(batch)).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' })
  other.left = Number.POSITIVE_INFINITY
  expect(await sink.write(batch)).toEqual([])
  expect(other.checksums()).toEqual(bucket.checksums())
})

it('a range is written when its refused records are among the dead letters', async () => {
  await carry(sinkOf(bucket), 0, 280)
  const unreadable = {
    get productKind(): never {
      throw new TypeError('no product')
    }
  }
  const damaged = { ...records[0], offset: 119, value: unreadable } as never as SinkRecord<string, LineItem>
  const all = records.map((record) => (record.offset === 119 ? damaged : record))
  const whole = { topic, topicId: 'id', partition: 1, records: all, first: 0, next: end }
  const rejection = { record: damaged, reason: 'no product' }
  const other = new MemoryBucket()
  const first = sinkOf(other)
  await first.open(topic, 'id', 1)
  expect(await first.write(whole)).toEqual([rejection])
  // it died before the dead letter was written
  const second = sinkOf(other)
  expect(await second.open(topic, 'id', 1)).toBe(64)
  expect(await second.write(whole)).toEqual([rejection])
  // the next write tells that it is, also if the store is away for a while
  const last = { ...(records.at(-1) as SinkRecord<string, LineItem>), offset: 280, value: null }
  const following = { ...whole, records: [last], first: 280, next: 281 }
  other.left = 3
  await expect(second.write(following)).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' })
  other.left = Number.POSITIVE_INFINITY
  expect(await second.write(following)).toEqual([])
  expect(other.manifests().map(({ from }) => from)).toEqual([0, 64, 128, 192])
  const others = (from: MemoryBucket) =>
    Object.entries(from.checksums()).filter(([key]) => !key.includes('0000000064.'))
  expect(others(other)).toEqual(others(bucket))
  expect(await sinkOf(other).open(topic, 'id', 1)).toBe(256)
})

it('another split is another set', async () => {
  const sink = trainingSets({ name: 'training', bucket, validationFrom: '1998-11-01', rangeOffsets: 64 })
  await carry(sinkOf(bucket), 0, 280)
  await carry(sink, 0, 280)
  expect(new Set(bucket.manifests().map(({ schema }) => schema)).size).toBe(2)
})
