import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { noHeaders } from '../../../core/record.ts'
import { objectStoreCredentials } from '../../../deploy/local/object-store.ts'
import { ObjectStore } from '../../../ingest/object-store.ts'
import { PlatformaticClient } from '../../../kafka/platformatic/client.ts'
import type { LineItem } from '../../../processors/retail/model.ts'
import type { RangeManifest } from '../../../sinks/object-store/parquet-sink.ts'
import { lineItems } from '../../../topology/retail/topics.ts'
import { lineItem } from '../../retail/line-item.ts'
import { server } from '../servers.ts'
import { type TrainingSettings, trainingTask } from './training-process.ts'

const partitions = 2
const perPartition = 1200
const rangeOffsets = 256
const ranges = partitions * Math.floor(perPartition / rangeOffsets)
const validationFrom = '1998-10-01'

const brokers = server('KAFKA_BROKERS').split(',')
const client = new PlatformaticClient({ brokers })
const store = new ObjectStore({ endpoint: server('S3_ENDPOINT'), credentials: objectStoreCredentials })
const name = `training-${randomUUID()}`
const admin = client.admin('test')
/** By partition and offset. */
const written: LineItem[][] = Array.from({ length: partitions }, (_, partition) =>
  Array.from({ length: perPartition }, (_, row) =>
    lineItem({
      row: row + 1,
      // every tenth takes the one before it back
      rows: row % 10 === 9 ? -1 : 1,
      units: row % 10 === 9 ? -10_000 : 10_000,
      country: partition === 1 && row % 3 === 0 ? 'CA' : 'US',
      sku: String(100 + (row % 7)),
      businessDay: row % 4 === 0 ? '1998-10-01' : '1998-09-30',
      productKind: row % 50 === 0 ? 'charge' : 'product'
    })
  )
)

beforeAll(async () => {
  await admin.createTopics([{ name, partitions, configs: {} }])
  const producer = await client.producer({ clientId: 'test' })
  const topic = await producer.topic(name)
  for (const [partition, items] of written.entries())
    for (const item of items) {
      const key = Buffer.from(`${item.country}/${item.sku}`)
      topic.append(partition, key, 0, key.length, lineItems.value, item, 0, noHeaders)
    }
  await producer.flush()
  await producer.close()
})
afterAll(async () => {
  await admin.deleteTopics([name])
  await admin.close()
  store.close()
})

async function settingsOf(batchRecords: number): Promise<TrainingSettings> {
  const bucket = `training-${randomUUID()}`
  await store.ensureBucket(bucket)
  const place = { brokers, s3Endpoint: server('S3_ENDPOINT'), topic: name, bucket }
  return { ...place, validationFrom, rangeOffsets, batchRecords }
}

/** The process carries on until it is killed in the writing of an object. */
async function killed(settings: TrainingSettings, killAt: number): Promise<void> {
  const program = join(import.meta.dirname, 'training-process.ts')
  const child = spawn(process.execPath, [program, JSON.stringify({ ...settings, killAt })], {
    stdio: ['ignore', 'ignore', 'inherit']
  })
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
}

async function carried(settings: TrainingSettings): Promise<void> {
  const task = trainingTask(settings)
  await task.start()
  await vi.waitFor(async () => expect((await keysOf(settings.bucket, '/_manifests/')).length).toBe(ranges), {
    timeout: 20_000,
    interval: 100
  })
  await task.close()
}

async function keysOf(bucket: string, part: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(bucket)) if (key.includes(part)) keys.push(key)
  return keys
}

async function contentOf(bucket: string, key: string): Promise<Buffer> {
  const stored = await store.get(bucket, key)
  if (stored === undefined) throw new Error(`${key} is not there`)
  return buffer(stored.body)
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex')

async function checksums(bucket: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const key of await keysOf(bucket, '')) found[key] = sha256(await contentOf(bucket, key))
  return found
}

it('killed in the midst of writing and started again, the objects are the same to the byte', async () => {
  const whole = await settingsOf(5000)
  await carried(whole)
  const broken = await settingsOf(70)
  // the schema is written for each partition first; then come objects and manifests
  await killed(broken, 9)
  const before = (await keysOf(broken.bucket, '/_manifests/')).length
  expect(before).toBeGreaterThan(0)
  expect(before).toBeLessThan(ranges)
  await carried(broken)
  const expected = await checksums(whole.bucket)
  expect(Object.keys(expected).length).toBeGreaterThan(2 * ranges)
  expect(await checksums(broken.bucket)).toEqual(expected)
}, 120_000)

it('a plain reader finds the rows that the manifests count, none of the validation period in train', async () => {
  const settings = await settingsOf(5000)
  await carried(settings)
  const found: Record<string, number> = {}
  for (const key of await keysOf(settings.bucket, '/_manifests/')) {
    const manifest = JSON.parse(String(await contentOf(settings.bucket, key))) as RangeManifest
    const items = (written[manifest.partition] ?? []).slice(manifest.from, manifest.to)
    expect(manifest.records).toBe(items.length)
    let rows = 0
    for (const object of manifest.objects) {
      const content = await contentOf(settings.bucket, object.key)
      expect([content.length, sha256(content)]).toEqual([object.bytes, object.sha256])
      const file = new Uint8Array(content).buffer
      const read = await parquetReadObjects({ file })
      expect(read.length).toBe(object.rows)
      rows += read.length
      const [, country, split = ''] = /country=(..)\/split=(\w+)\//.exec(object.key) ?? []
      for (const row of read) {
        expect(row['country']).toBe(country)
        expect(String(row['business_day']) < validationFrom).toBe(split === 'train')
      }
      found[split] = (found[split] ?? 0) + read.length
    }
    expect(rows).toBe(items.filter(({ productKind }) => productKind === 'product').length)
  }
  const told = written.flatMap((items) =>
    items.slice(0, Math.floor(perPartition / rangeOffsets) * rangeOffsets)
  )
  const products = told.filter(({ productKind }) => productKind === 'product')
  const validation = products.filter(({ businessDay }) => businessDay >= validationFrom).length
  expect(found).toEqual({ train: products.length - validation, validation })
}, 120_000)
