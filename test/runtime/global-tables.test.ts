import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  type ConsumerOptions,
  integer,
  json,
  type KafkaClient,
  type KafkaStreams,
  keyValueStore,
  StreamsBuilder,
  type StreamsConfig,
  StreamsError,
  string,
  type Topology,
  topic
} from '../../index.ts'
import type { MemoryClient } from '../../kafka/memory/memory-client.ts'
import { MemoryApp } from './memory-app.ts'

const Price = z.object({ cents: z.int() })
const prices = topic('prices', {
  key: string(),
  value: json(Price),
  partitions: 3,
  cleanupPolicy: 'compact'
})
const sales = topic('sales', { key: string(), value: string(), partitions: 2 })
const priced = topic('priced', { key: string(), value: integer(), partitions: 2 })
const PRODUCTS = 50

/** Each sale names its product, whose price is looked up. */
function topology(): Topology {
  const builder = new StreamsBuilder()
  const table = builder.globalTable(prices, { name: 'price-table' })
  builder
    .stream(sales)
    .leftJoin(
      table,
      (product) => product,
      (_product, price) => price?.cents ?? -1
    )
    .to(priced)
  return builder.build()
}

let app: MemoryApp
let sold: number

beforeEach(async () => {
  app = await MemoryApp.create()
  sold = 0
})

afterEach(() => app.dispose())

function start(config: Partial<StreamsConfig> = {}) {
  return app.start(topology(), { commitIntervalMs: 10, ...config })
}

/** Products `from` to `to` get that price; null takes it away. */
function price(from: number, to: number, cents: number | null): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, n) => from + n)
  return app.write(
    prices,
    numbers.map((n) => ({ key: `p${n}`, value: cents === null ? null : { cents }, timestamp: n }))
  )
}

/** Sells the product once more and gives the price of that sale. */
async function sell(streams: Awaited<ReturnType<typeof start>>, product: string): Promise<number | null> {
  const key = `sale-${sold++}`
  const found = () => app.read(priced).find(({ decoded }) => decoded.key === key)
  await app.write(sales, [{ key, value: product, timestamp: 1 }])
  await app.until(streams, () => found() !== undefined)
  return found()?.decoded.value ?? null
}

function restored(): number[] {
  return app.restores.filter(({ store }) => store === 'price-table').map((progress) => progress.restored)
}

/** The rows of the table in this process. */
function rows(streams: Awaited<ReturnType<typeof start>>): number {
  const [store] = streams.keyValueStores<string, { cents: number }>('price-table')
  return [...(store?.all() ?? [])].length
}

describe('a global table', () => {
  it('is not to be read before it holds all', async () => {
    await price(0, PRODUCTS, 100)
    const looks: unknown[] = []
    const look = () => [streams.stores.local('price-table')[0]?.running, rows(streams)]
    const streams: KafkaStreams = await start({
      onRestore: ({ store, done }) => {
        // a first report comes before `start` has returned
        if (store === 'price-table' && !done) queueMicrotask(() => looks.push(look()))
      }
    })
    await app.until(streams, () => streams.state === 'RUNNING')
    expect(looks.length).toBeGreaterThan(0)
    expect(new Set(looks.map((one) => JSON.stringify(one)))).toEqual(new Set(['[false,0]']))
    expect(look()).toEqual([true, PRODUCTS])
  })

  it('holds all partitions before the first record is joined, and is kept current', async () => {
    await price(0, PRODUCTS, 100)
    await app.write(sales, [{ key: 'first', value: 'p7', timestamp: 1 }])
    const streams = await start()
    await app.caughtUp(streams)
    expect(app.read(priced).map(({ decoded }) => decoded.value)).toEqual([100])
    expect(restored()).toEqual([PRODUCTS])
    expect(app.restores.find(({ store }) => store === 'price-table')).toMatchObject({
      task: 'global',
      total: PRODUCTS
    })
    expect(rows(streams)).toBe(PRODUCTS)
    await price(7, 9, 250)
    await app.until(streams, async () => (await sell(streams, 'p8')) === 250)
    expect(await sell(streams, 'p7')).toBe(250)
    expect(await sell(streams, 'p6')).toBe(100)
    await streams.close()
    expect(streams.keyValueStores('price-table')).toEqual([])
  })

  it('forgets keys that were deleted, and those alone', async () => {
    await price(0, PRODUCTS, 100)
    const streams = await start()
    await app.caughtUp(streams)
    await price(3, 4, null)
    await app.until(streams, async () => (await sell(streams, 'p3')) === -1)
    expect(await sell(streams, 'p4')).toBe(100)
    expect(rows(streams)).toBe(PRODUCTS - 1)
    await streams.close()
    // deleted while nobody looked
    await price(4, 6, null)
    const again = await start()
    expect(await sell(again, 'p4')).toBe(-1)
    expect(await sell(again, 'p3')).toBe(-1)
    expect(rows(again)).toBe(PRODUCTS - 3)
  })

  it.each(['rocksdb', 'level'] as const)(
    'goes on from its checkpoint after a restart (%s)',
    async (engine) => {
      await price(0, PRODUCTS, 100)
      const first = await start({ engine })
      await app.caughtUp(first)
      await price(0, 10, 200)
      await app.until(first, async () => (await sell(first, 'p9')) === 200)
      await first.close()
      const second = await start({ engine })
      await app.caughtUp(second)
      await second.close()
      await price(10, 15, 300)
      const third = await start({ engine })
      expect(await sell(third, 'p12')).toBe(300)
      expect(await sell(third, 'p2')).toBe(200)
      expect(restored()).toEqual([PRODUCTS, 0, 5])
      expect(app.log.join('\n')).not.toMatch(/rebuilding/)
    }
  )

  it('is rebuilt when its folder was deleted', async () => {
    await price(0, PRODUCTS, 100)
    const first = await start()
    await app.caughtUp(first)
    await first.close()
    const folder = join(app.stateDirectory, 'app', 'global', 'price-table')
    expect((await readdir(folder)).length).toBeGreaterThan(0)
    await rm(folder, { recursive: true })
    const second = await start()
    expect(await sell(second, 'p49')).toBe(100)
    expect(restored()).toEqual([PRODUCTS, PRODUCTS])
  })

  it('that does not open is set aside and rebuilt', async () => {
    await price(0, PRODUCTS, 100)
    const first = await start({ engine: 'rocksdb' })
    await app.caughtUp(first)
    await first.close()
    const second = await start({ engine: 'level' })
    expect(await sell(second, 'p1')).toBe(100)
    expect(await readdir(join(app.stateDirectory, 'app', 'global'))).toContain('price-table.corrupt-1')
    expect(app.log.join('\n')).toMatch(/global table "price-table" cannot be used .* set aside/)
    expect(restored()).toEqual([PRODUCTS, PRODUCTS])
  })

  it('is rebuilt when its topic was made anew while it was down', async () => {
    await price(0, PRODUCTS, 100)
    const first = await start()
    await app.caughtUp(first)
    await first.close()
    app.broker.deleteTopicSync(prices.name)
    await price(0, 60, 900)
    await price(0, 1, null)
    const second = await start()
    expect(await sell(second, 'p0')).toBe(-1)
    expect(await sell(second, 'p59')).toBe(900)
    expect(app.log.join('\n')).toMatch(/does not fit topic prices \(the topic was made anew\)/)
    expect(rows(second)).toBe(59)
  })

  it('is rebuilt when its topic was made anew while it ran', async () => {
    await price(0, PRODUCTS, 100)
    const streams = await start()
    await app.caughtUp(streams)
    app.broker.deleteTopicSync(prices.name)
    await price(0, 3, 900)
    await app.until(streams, () => streams.state === 'RUNNING' && rows(streams) === 3)
    expect(await sell(streams, 'p2')).toBe(900)
    expect(await sell(streams, 'p20')).toBe(-1)
  })

  it('is rebuilt when its topic has lost records that it had not read', async () => {
    await price(0, PRODUCTS, 100)
    const first = await start()
    await app.caughtUp(first)
    await first.close()
    await price(0, PRODUCTS, null)
    for (const log of app.broker.topic(prices.name).logs) log.deleteBefore(log.endOffset)
    await price(1, 2, 700)
    const second = await start()
    expect(await sell(second, 'p1')).toBe(700)
    expect(await sell(second, 'p2')).toBe(-1)
    expect(app.log.join('\n')).toMatch(
      /does not fit topic prices \(partition \d begins at \d+, after the store's \d+\)/
    )
  })

  it('is rebuilt when tombstones may be gone, unless it has missed nothing', async () => {
    let now = 1_700_000_000_000
    const clock = { now: () => now }
    await price(0, PRODUCTS, 100)
    Object.assign(app.broker.topic(prices.name).configs, { 'delete.retention.ms': '86400000' })
    for (const missed of [false, true]) {
      const streams = await start({ clock })
      await app.caughtUp(streams)
      await streams.close()
      now += 86_400_000
      if (!missed) continue
      await price(1, 2, 101)
    }
    const third = await start({ clock })
    await app.caughtUp(third)
    expect(restored()).toEqual([PRODUCTS, 0, PRODUCTS + 1])
    expect(app.log.join('\n')).toMatch(/last written 48 hours ago/)
  })

  it('sees committed records only, and those of an open transaction when it has ended', async () => {
    await price(0, 3, 100)
    const streams = await start()
    await app.caughtUp(streams)
    for (const outcome of ['abort', 'commit'] as const) {
      const producer = await app.client.transactionalProducer({ clientId: 'other', transactionalId: 'other' })
      await producer.begin()
      const target = await producer.topic(prices.name)
      for (let partition = 0; partition < 3; partition++)
        target.append(partition, Buffer.from('p1'), 0, 2, prices.value, { cents: 555 }, 1, [])
      await producer.flush()
      expect(await sell(streams, 'p1')).toBe(100)
      await producer[outcome]()
      if (outcome === 'commit') await app.until(streams, async () => (await sell(streams, 'p1')) === 555)
      else expect(await sell(streams, 'p1')).toBe(100)
      await producer.close()
    }
  })

  it('waits for brokers that are away, while the tasks go on', async () => {
    await price(0, 3, 100)
    let away = 0
    const kafka: KafkaClient = Object.assign(Object.create(app.client) as MemoryClient, {
      consumer(options: ConsumerOptions) {
        const consumer = app.client.consumer(options)
        if (!options.clientId.endsWith('-global')) return consumer
        const take = consumer.take.bind(consumer)
        return Object.assign(consumer, {
          take: () => {
            if (away-- > 0) throw new StreamsError('BROKER_UNAVAILABLE', 'no broker answers')
            return take()
          }
        })
      }
    })
    const streams = await start({ kafka })
    await app.caughtUp(streams)
    away = 3
    await price(0, 1, 200)
    expect(await sell(streams, 'p1')).toBe(100)
    await app.until(streams, async () => (await sell(streams, 'p0')) === 200)
    expect(
      app.log.filter((line) => /global tables: no broker answers; reading on in/.test(line))
    ).toHaveLength(3)
    expect(await streams.metrics.registry.metrics()).toMatch(
      /streams_task_restarts_total\{application="[^"]+"\} 0/
    )
  })

  it('ends the application with a record it cannot read, unless the handler passes over it', async () => {
    await price(0, 3, 100)
    const bad = topic(prices.name, { key: string(), value: string(), partitions: 3 })
    await app.write(bad, [{ key: 'p1', value: '{"cents":"many"}', timestamp: 1 }])
    const failing = await start()
    await expect(failing.finished).rejects.toMatchObject({
      code: 'DESERIALIZATION',
      message: expect.stringMatching(/prices-\d at offset \d/)
    })
    const streams = await start({ deserializationExceptionHandler: 'continue' })
    expect(await sell(streams, 'p1')).toBe(100)
    await app.write(bad, [
      { key: 'p2', value: 'no JSON', timestamp: 1 },
      { key: null, value: '{}', timestamp: 1 }
    ])
    await price(2, 3, 300)
    await app.until(streams, async () => (await sell(streams, 'p2')) === 300)
    const metrics = await streams.metrics.registry.metrics()
    expect(metrics).toMatch(/dropped_total\{reason="deserialization",application="[^"]+"\} 2/)
    expect(metrics).toMatch(/dropped_total\{reason="null-key",application="[^"]+"\} 1/)
  })

  it('takes values of several times its part of the write buffers', async () => {
    const pages = topic('pages', { key: string(), value: string(), partitions: 1, cleanupPolicy: 'compact' })
    const builder = new StreamsBuilder()
    builder.globalTable(pages, { name: 'page-table' })
    const stores = Array.from({ length: 60 }, (_, number) =>
      keyValueStore({ name: `store-${number}`, key: string(), value: string() })
    )
    builder.stream(sales).process(() => ({ process: () => undefined }), { stores })
    const write = (batch: string) =>
      app.write(
        pages,
        Array.from({ length: 20 }, (_, n) => ({
          key: `${batch} ${n}`,
          value: 'x'.repeat(30_000),
          timestamp: n
        }))
      )
    await app.write(sales, [])
    await write('first')
    const streams = await app.start(builder.build(), { cacheMaxBytes: 1_200_000 })
    const held = () => [...(streams.keyValueStores('page-table')[0]?.all() ?? [])].length
    await app.until(streams, () => held() === 20)
    await write('second')
    await app.until(streams, () => held() === 40)
    await streams.ready()
  })

  it('is waited for by close and by nothing else', async () => {
    await price(0, 3, 100)
    // its transaction stays open: the table is not complete
    const producer = await app.client.transactionalProducer({ clientId: 'other', transactionalId: 'other' })
    await producer.begin()
    const target = await producer.topic(prices.name)
    target.append(0, Buffer.from('p1'), 0, 2, prices.value, { cents: 555 }, 1, [])
    await producer.flush()
    await app.write(sales, [{ key: 'first', value: 'p1', timestamp: 1 }])
    let found = 0
    const streams = await start({
      onRestore: (progress) => {
        found = progress.restored
      }
    })
    await app.until(streams, () => found === 3)
    expect(streams.state).toBe('REBALANCING')
    expect(app.read(priced)).toEqual([])
    await streams.close()
    expect(streams.state).toBe('NOT_RUNNING')
    await producer.abort()
    await producer.close()
  })
})

it('a topic cannot be a global table and something else', () => {
  for (const declare of [
    (builder: StreamsBuilder) => builder.stream(prices),
    (builder: StreamsBuilder) => builder.globalTable(prices, { name: 'other' })
  ]) {
    const builder = new StreamsBuilder()
    builder.stream(sales).to(priced as never)
    builder.globalTable(prices, { name: 'price-table' })
    declare(builder)
    expect(() => builder.build()).toThrow(/"prices" of global table "(price-table|other)" is read elsewhere/)
  }
})
