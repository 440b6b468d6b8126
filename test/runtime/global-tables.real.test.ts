import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  GrowableBytes,
  integer,
  KafkaStreams,
  noHeaders,
  PlatformaticClient,
  partitionForKey,
  RecordCursor,
  StreamsBuilder,
  string,
  type Topic,
  topic
} from '../../index.ts'
import { server } from '../sinks/servers.ts'

const PRODUCTS = 2000

let client: PlatformaticClient
let stateDirectory: string
let running: KafkaStreams[]

beforeEach(async () => {
  client = new PlatformaticClient({ brokers: server('KAFKA_BROKERS').split(',') })
  stateDirectory = await mkdtemp(join(tmpdir(), 'store-sku-global-'))
  running = []
})

afterEach(async () => {
  for (const streams of running) await streams.close().catch(() => undefined)
  await rm(stateDirectory, { recursive: true, force: true })
})

async function write<V>(to: Topic<string, V>, rows: readonly (readonly [string, V | null])[]): Promise<void> {
  const producer = await client.producer({ clientId: 'writer' })
  const target = await producer.topic(to.name)
  const scratch = new GrowableBytes()
  for (const [key, value] of rows) {
    const end = to.key.encode(key, scratch, 0)
    const partition = partitionForKey(scratch.buffer, 0, end, target.partitions)
    target.append(partition, scratch.buffer, 0, end, to.value, value, Date.now(), noHeaders)
  }
  await producer.flush()
  await producer.close()
}

/** Reads the topic from its beginning until it has shown `count` records; the last value of each key. */
async function readAll<V>(from: Topic<string, V>, count: number): Promise<Map<string, V>> {
  const consumer = client.consumer({ clientId: 'reader' })
  const found = new Map<string, V>()
  const partitions = Array.from({ length: from.partitions }, (_, partition) => partition)
  consumer.assign(partitions.map((partition) => ({ topic: from.name, partition, offset: 0 })))
  const cursor = new RecordCursor()
  for (let seen = 0; seen < count; ) {
    await consumer.arrival(1000)
    for (const { batches } of consumer.take()) {
      cursor.open(batches)
      for (; cursor.next(); seen++) {
        const { buffer, keyStart, keyEnd, valueStart, valueEnd } = cursor
        found.set(from.key.decode(buffer, keyStart, keyEnd), from.value.decode(buffer, valueStart, valueEnd))
      }
    }
  }
  await consumer.close()
  return found
}

it('a stream is joined with a global table; a restart goes on where both were', async () => {
  const prefix = `global-${Date.now().toString(36)}`
  const prices = topic(`${prefix}-prices`, {
    key: string(),
    value: integer(),
    partitions: 3,
    cleanupPolicy: 'compact'
  })
  const sales = topic(`${prefix}-sales`, { key: string(), value: string(), partitions: 2 })
  const priced = topic(`${prefix}-priced`, { key: string(), value: integer(), partitions: 2 })
  const restored: number[] = []
  const start = async () => {
    const builder = new StreamsBuilder()
    const table = builder.globalTable(prices, { name: 'price-table' })
    builder
      .stream(sales)
      .leftJoin(
        table,
        (product) => product,
        (_product, cents) => cents ?? -1
      )
      .to(priced)
    const streams = new KafkaStreams(builder.build(), {
      applicationId: prefix,
      kafka: client,
      stateDirectory,
      processingGuarantee: 'exactly_once_v2',
      onRestore: ({ done, store, restored: records }) => {
        if (done && store === 'price-table') restored.push(records)
      }
    })
    running.push(streams)
    await streams.start()
    return streams
  }
  const priceOf = (streams: KafkaStreams, product: string) =>
    streams.keyValueStores<string, number>('price-table')[0]?.get(product) ?? null
  const until = async (condition: () => boolean) => {
    while (!condition()) await setTimeout(20)
  }

  const admin = client.admin('writer')
  for (const { name, partitions, cleanupPolicy } of [prices, sales])
    await admin.createTopics([{ name, partitions, configs: { 'cleanup.policy': cleanupPolicy } }])
  await admin.close()
  const products = Array.from({ length: PRODUCTS }, (_, n) => [`p${n}`, n] as const)
  await write(prices, products)
  await write(
    sales,
    products.map(([product]) => [`first-${product}`, product])
  )
  const first = await start()
  const joined = await readAll(priced, PRODUCTS)
  for (const [product, cents] of products) expect(joined.get(`first-${product}`)).toBe(cents)
  await write(prices, [
    ['p1', 100_001],
    ['p2', null]
  ])
  await until(() => priceOf(first, 'p1') === 100_001 && priceOf(first, 'p2') === null)
  await first.close()

  // while it is down
  await write(prices, [
    ['p3', 100_003],
    ['p4', null]
  ])
  const wanted = ['p0', 'p1', 'p2', 'p3', 'p4']
  await write(
    sales,
    wanted.map((product) => [`second-${product}`, product])
  )
  const second = await start()
  const after = await readAll(priced, PRODUCTS + wanted.length)
  expect(wanted.map((product) => after.get(`second-${product}`))).toEqual([0, 100_001, -1, 100_003, -1])
  expect(restored).toEqual([PRODUCTS, 2])
  await second.close()
}, 90_000)
