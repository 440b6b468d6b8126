import { afterEach, describe, expect, it } from 'vitest'
import type { StreamsError } from '../../core/errors.ts'
import { FetchConsumer } from '../../kafka/platformatic/consumer.ts'
import type { Consumer, ConsumerOptions } from '../../kafka/port/consumer.ts'
import type { FetchMetric } from '../../kafka/port/metrics.ts'
import { sleep, takeRecords, until, values } from './conformance/workspace.ts'
import { atOffset, batchOf } from './plain-records.ts'
import { type AnswerFetch, FakeCluster, type FakePartition, fakeTopic } from './platformatic/fake-cluster.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function fakes(answer: AnswerFetch, nodes = 1, partitions = 1): Promise<FakeCluster> {
  const cluster = await new FakeCluster(partitions, answer).start(nodes)
  open.push(cluster)
  return cluster
}

function consume(cluster: FakeCluster, options: Partial<ConsumerOptions> = {}, metrics: FetchMetric[] = []) {
  const consumer = new FetchConsumer(
    { clientId: 'test', maxWaitMs: 50, ...options },
    {
      brokers: [cluster.bootstrap],
      requestTimeoutMs: 300,
      metrics: { fetch: (metric) => metrics.push(metric) }
    }
  )
  open.push(consumer)
  consumer.assign([{ topic: fakeTopic, partition: 0, offset: 0 }])
  return consumer
}

async function thrownBy(consumer: Consumer): Promise<StreamsError> {
  let thrown: unknown
  await until('it throws', async () => {
    await consumer.arrival(100)
    try {
      consumer.take()
      return false
    } catch (error) {
      thrown = error
      return true
    }
  })
  return thrown as StreamsError
}

/** Serves a log of batches from whatever offset is asked. */
function log(...batches: readonly Buffer[]): AnswerFetch {
  const bases = batches.map((batch) => Number(batch.readBigInt64BE(0)))
  const end = (bases.at(-1) ?? 0) + (batches.at(-1)?.readInt32BE(57) ?? 0)
  return ({ offsets }) => ({
    partitions: offsets.map(({ partition, offset }) => {
      const from = bases.findLastIndex((base) => base <= offset)
      const records = offset >= end ? Buffer.alloc(0) : Buffer.concat(batches.slice(from))
      return { partition, highWatermark: end, records }
    })
  })
}

describe('fetches from brokers that misbehave', { timeout: 60_000 }, () => {
  it('gives up on a broker that sends garbage, with a reason', async () => {
    const cluster = await fakes(() => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const error = await thrownBy(consume(cluster))
    expect(error.code).toBe('BROKER_REFUSED')
    expect(error.message).toMatch(/5 times in a row/)
    expect(error.message).toMatch(/is this a Kafka listener/)
    expect(cluster.fetchConnections).toBe(5)
  })

  it('gives up on answers of the right number that are no answers', async () => {
    const cluster = await fakes(() => {
      const last = cluster.fetches.length
      // head of the third request and on: ApiVersions came first on each connection
      const answer = Buffer.alloc(40, 0xff)
      answer.writeInt32BE(36, 0)
      answer.writeInt32BE(2, 4)
      return last > 0 ? answer : null
    })
    const error = await thrownBy(consume(cluster))
    expect(error.code).toBe('BROKER_REFUSED')
    expect(error.message).toMatch(/no answer to a fetch/)
  })

  it('refuses records of an unknown format, and names them', async () => {
    const strange = atOffset(batchOf('c'), 7)
    strange[16] = 1
    const cluster = await fakes(() => ({
      partitions: [{ partition: 0, highWatermark: 8, records: strange }]
    }))
    const consumer = consume(cluster)
    const error = await thrownBy(consumer)
    expect(error).toMatchObject({ code: 'BATCH_CORRUPT' })
    expect(error.message).toMatch(/fake-0: the batch at offset 7 has format 1/)
    expect(consumer.position(fakeTopic, 0)).toBe(0)
  })

  it('asks again, over a new connection, when there is no answer in time', async () => {
    const answer = log(batchOf('a', 'b'))
    let silent = true
    const cluster = await fakes((fetch, node) => (silent ? null : answer(fetch, node)))
    const consumer = consume(cluster)
    await until('it has tried twice', () => cluster.fetchConnections >= 2)
    expect(consumer.take()).toEqual([])
    silent = false
    expect(values(await takeRecords(consumer, 2))).toEqual(['a', 'b'])
  })

  it.each([
    ['an exception of its own', -1],
    ['that it is no leader', 6],
    ['that it has lost the session', 70]
  ])('asks again, less and less often, when the whole answer is %s', async (_what, errorCode) => {
    const answer = log(batchOf('a', 'b'))
    let broken = true
    const cluster = await fakes((fetch, node) =>
      broken ? { errorCode, partitions: [] } : answer(fetch, node)
    )
    const consumer = consume(cluster)
    await until('it was asked', () => cluster.fetches.length > 0)
    await sleep(600)
    expect(consumer.take()).toEqual([])
    expect(cluster.fetches.length).toBeGreaterThan(2)
    expect(cluster.fetches.length).toBeLessThan(12)
    broken = false
    expect(values(await takeRecords(consumer, 2))).toEqual(['a', 'b'])
  })
})

describe('fetch sessions', { timeout: 60_000 }, () => {
  it('names only what changed, and starts over when the broker has lost the session', async () => {
    let refusal = 0
    const cluster = await fakes(
      ({ sessionEpoch, offsets }) => {
        const errorCode = refusal
        refusal = 0
        if (errorCode !== 0) return { errorCode, partitions: [] }
        const partitions: FakePartition[] =
          sessionEpoch === 0
            ? offsets.map(({ partition, offset }) => ({
                partition,
                highWatermark: 2,
                records: partition === 0 && offset === 0 ? batchOf('a', 'b') : Buffer.alloc(0)
              }))
            : []
        return { sessionId: 77, partitions }
      },
      1,
      3
    )
    const consumer = consume(cluster)
    consumer.assign([1, 2].map((partition) => ({ topic: fakeTopic, partition, offset: 2 })))
    await takeRecords(consumer, 2)
    await until('the session is idle', () => (cluster.fetches.at(-1)?.sessionEpoch ?? 0) >= 4)
    const [first, second, third] = cluster.fetches.filter(({ sessionEpoch }) => sessionEpoch >= 0)
    expect(first).toMatchObject({ sessionId: 0, sessionEpoch: 0, rack: '' })
    expect(first?.offsets.map(({ partition }) => partition)).toEqual([0, 1, 2])
    expect(second).toMatchObject({ sessionId: 77, sessionEpoch: 1, forgotten: [] })
    expect(second?.offsets).toMatchObject([{ partition: 0, offset: 2, lastEpoch: -1 }])
    expect(third).toMatchObject({ sessionId: 77, sessionEpoch: 2, offsets: [] })

    consumer.unassign([{ topic: fakeTopic, partition: 1 }])
    await until('it is forgotten', () => cluster.fetches.some(({ forgotten }) => forgotten.length > 0))
    expect(cluster.fetches.find(({ forgotten }) => forgotten.length > 0)?.forgotten).toEqual([1])

    for (const [code, sessionId] of [
      [70, 0],
      [71, 77]
    ] as const) {
      const before = cluster.fetches.length
      refusal = code
      await until('it starts over', () =>
        cluster.fetches.slice(before).some(({ sessionEpoch }) => sessionEpoch === 0)
      )
      const full = cluster.fetches.slice(before).find(({ sessionEpoch }) => sessionEpoch === 0)
      expect(full).toMatchObject({ sessionId })
      expect(full?.offsets.map(({ partition }) => partition).sort()).toEqual([0, 2])
    }
    expect(consumer.take()).toEqual([])
    expect(consumer.lag(fakeTopic, 0)).toBe(0)
  })

  it('learns the end of a partition that the session knows from a former assignment', async () => {
    /** High watermarks as the session was told of them (Kafka's CachedPartition). */
    const told = new Map<number, number>()
    const ended = { highWatermark: 5 }
    const cluster = await fakes(
      ({ sessionEpoch, offsets, forgotten }) => {
        if (sessionEpoch < 0) return { partitions: offsets.map(({ partition }) => ({ partition, ...ended })) }
        if (sessionEpoch === 0) told.clear()
        for (const { partition } of offsets) if (!told.has(partition)) told.set(partition, -1)
        for (const partition of forgotten) told.delete(partition)
        const news = [...told].filter(([, end]) => end !== ended.highWatermark)
        for (const [partition] of news) told.set(partition, ended.highWatermark)
        return { sessionId: 77, partitions: news.map(([partition]) => ({ partition, ...ended })) }
      },
      1,
      2
    )
    const consumer = consume(cluster)
    const both = [0, 1].map((partition) => ({ topic: fakeTopic, partition, offset: 5 }))
    const lags = () => both.map(({ partition }) => consumer.lag(fakeTopic, partition))
    for (const move of [() => undefined, () => consumer.unassign(both), () => undefined]) {
      move()
      await sleep(50)
      consumer.assign(both)
      expect(lags()).toEqual([undefined, undefined])
      await until('the lags are known', () => lags().every((lag) => lag === 0))
    }
    const before = cluster.fetches.length
    await until('it goes on', () => cluster.fetches.length > before + 5)
    expect(cluster.fetches.slice(before + 1).every(({ sessionEpoch }) => sessionEpoch > 0)).toBe(true)
  })
})

describe('a replica that is nearer by', { timeout: 60_000 }, () => {
  it('is read from when the leader says so, until it fails', async () => {
    const serve = log(batchOf('a', 'b'))
    let broken = false
    const cluster = await fakes((fetch, node) => {
      if (node === 1 && !broken)
        return {
          partitions: fetch.offsets.map(({ partition }) => ({ partition, preferredReplica: 2 }))
        }
      if (node === 2 && broken)
        return { partitions: fetch.offsets.map(({ partition }) => ({ partition, errorCode: 1 })) }
      return serve(fetch, node)
    }, 2)
    const consumer = consume(cluster, { rack: 'near' })
    expect(values(await takeRecords(consumer, 2))).toEqual(['a', 'b'])
    expect(cluster.fetches[0]).toMatchObject({ node: 1, rack: 'near' })
    expect(cluster.fetches.filter(({ node }) => node === 1)).toHaveLength(1)
    // out of its range does not mean out of the leader's
    broken = true
    const before = cluster.fetches.length
    await until('the leader is asked again', () =>
      cluster.fetches.slice(before).some(({ node }) => node === 1)
    )
    await sleep(200)
    expect(consumer.take()).toEqual([])
  })
})

describe('what has arrived and is not taken', { timeout: 60_000 }, () => {
  it('stops further fetches at the bound, and is told by the metrics', async () => {
    const big = batchOf('x'.repeat(100_000))
    let offset = 0
    const cluster = await fakes(
      ({ offsets }) => ({
        partitions: offsets.map((asked) => ({
          partition: asked.partition,
          highWatermark: 1e6,
          records: atOffset(Buffer.from(big), asked.offset)
        }))
      }),
      1,
      3
    )
    const metrics: FetchMetric[] = []
    const consumer = consume(cluster, { bufferBytes: 1_000_000, partitionMaxBytes: 10_000_000 }, metrics)
    await until('it stops', async () => {
      const before = cluster.fetches.length
      await sleep(300)
      return cluster.fetches.length === before && before > 0
    })
    const bytes = metrics.reduce((sum, metric) => sum + metric.bytes, 0)
    expect(bytes).toBeGreaterThanOrEqual(1_000_000)
    expect(bytes).toBeLessThan(1_250_000)
    expect(cluster.fetches.at(-1)?.maxBytes).toBeLessThan(1_000_000)
    expect(metrics[0]).toMatchObject({ broker: cluster.bootstrap, partitions: 1, batches: 1 })
    // a paused partition that holds all of it does not keep the others from going on
    consumer.pause(fakeTopic, 0)
    consumer.assign([{ topic: fakeTopic, partition: 1, offset: 0 }])
    await until('the other one arrives', async () => {
      offset += consumer.take().length
      return offset > 0
    })
    consumer.resume(fakeTopic, 0)
    expect(consumer.take().map(({ partition }) => partition)).toContain(0)
  })
})

describe('a log that was truncated', { timeout: 60_000 }, () => {
  const answer: AnswerFetch = ({ offsets: [asked] }) => {
    if (asked === undefined) return { partitions: [] }
    if (asked.lastEpoch === 3)
      return { partitions: [{ partition: 0, highWatermark: 9, diverging: { epoch: 2, endOffset: 4 } }] }
    return log(atOffset(batchOf('new'), 4))({ offsets: [asked] } as never, 1)
  }

  it('is refused by `fail`, which says where the logs part', async () => {
    const consumer = consume(await fakes(answer))
    consumer.assign([{ topic: fakeTopic, partition: 0, offset: 6, leaderEpoch: 3 }])
    const error = await thrownBy(consumer)
    expect(error.code).toBe('OFFSET_OUT_OF_RANGE')
    expect(error.message).toMatch(/fake-0: .*another one from offset 4 on .*read up to offset 6 \(epoch 3\)/)
  })

  it('is read on from there by the other policies', async () => {
    const consumer = consume(await fakes(answer), { offsetReset: 'latest' })
    consumer.assign([{ topic: fakeTopic, partition: 0, offset: 6, leaderEpoch: 3 }])
    expect(values(await takeRecords(consumer, 1))).toEqual(['new'])
  })
})
