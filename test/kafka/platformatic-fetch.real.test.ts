import { afterEach, describe, expect, it } from 'vitest'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { Cluster } from '../../kafka/platformatic/cluster.ts'
import { parseAddress } from '../../kafka/platformatic/endpoint.ts'
import type { FetchPartition, FetchRequest } from '../../kafka/platformatic/fetch-api.ts'
import { SocketFetchConnection } from '../../kafka/platformatic/fetch-connection.ts'
import { FetchSession, type SessionRequest } from '../../kafka/platformatic/fetch-session.ts'
import type { Fetched } from '../../kafka/port/consumer.ts'
import { decode, numbered, sleep, takeFor, takeRecords, until, workspaces } from './conformance/workspace.ts'
import { realBrokers } from './platformatic/brokers.ts'

describe('fetches from real brokers', { timeout: 60_000 }, () => {
  const workspace = workspaces(async () => ({
    client: new PlatformaticClient({ brokers: realBrokers() }),
    close: async () => {}
  }))

  it('G: gives records of LogAppendTime topics the time of the log', async () => {
    const space = workspace()
    const topic = await space.topic(1, { 'message.timestamp.type': 'LogAppendTime' })
    const before = Date.now()
    for (const compression of ['none', 'lz4'] as const) {
      const producer = await space.producer({ compression })
      const target = await producer.topic(topic)
      const text = numbered(3)
      const { string } = await import('../../core/serdes/string.ts')
      for (const { value } of text) target.append(0, null, 0, 0, string(), value, 1_000, [])
      await producer.flush()
    }
    const records = await space.read(topic, 6)
    for (const { timestamp } of records) {
      expect(timestamp).toBeGreaterThanOrEqual(before - 1_000)
      expect(timestamp).toBeLessThanOrEqual(Date.now() + 1_000)
    }
  })

  it('H: delivers nothing of a partition once unassign has returned, whatever has arrived', async () => {
    const space = workspace()
    const topic = await space.topic(2)
    await space.write(topic, [...numbered(1_000, 0), ...numbered(1_000, 1)])
    const consumer = space.consumer()
    consumer.assign([0, 1].map((partition) => ({ topic, partition, offset: 0 })))
    // all of it is here
    await until(
      'both have arrived',
      () => consumer.lag(topic, 0) !== undefined && consumer.lag(topic, 1) !== undefined
    )
    await sleep(300)
    consumer.unassign([{ topic, partition: 0 }])
    const taken = await takeFor(consumer, 1_000)
    expect(taken).toHaveLength(1_000)
    expect(new Set(taken.map(({ partition }) => partition))).toEqual(new Set([1]))
    expect(consumer.position(topic, 0)).toBeUndefined()
    // given back, it starts where its owner says
    consumer.assign([{ topic, partition: 0, offset: 990 }])
    expect(await takeRecords(consumer, 10)).toHaveLength(10)
  })

  it('throws TOPIC_MISSING for a topic that is deleted under it, and goes on with the others', async () => {
    const space = workspace()
    const [gone, stays] = [await space.topic(), await space.topic()]
    await space.write(gone, numbered(5))
    await space.write(stays, numbered(5))
    const consumer = space.consumer()
    consumer.assign([gone, stays].map((topic) => ({ topic, partition: 0, offset: 0 })))
    await takeRecords(consumer, 10)
    await space.admin.deleteTopics([gone])
    await space.write(stays, numbered(5, 0, 5))
    await takeRecords(consumer, 5)
    await until('it throws', async () => {
      await consumer.arrival(200)
      try {
        consumer.take()
        return false
      } catch (error) {
        expect(error).toMatchObject({ code: 'TOPIC_MISSING', message: expect.stringContaining(`${gone}-0`) })
        return true
      }
    })
    consumer.unassign([{ topic: gone, partition: 0 }])
    await space.write(stays, numbered(5, 0, 10))
    await takeRecords(consumer, 5)
  })

  it('reads every partition of many at the same pace when a fetch holds few of them', async () => {
    const space = workspace()
    const partitions = 12
    const topic = await space.topic(partitions)
    const producer = await space.producer({ batchBytes: 2_000 })
    const target = await producer.topic(topic)
    const { string } = await import('../../core/serdes/string.ts')
    for (let i = 0; i < 200; i++)
      for (let partition = 0; partition < partitions; partition++)
        target.append(partition, null, 0, 0, string(), 'x'.repeat(500), 1_700_000_000_000, [])
    await producer.flush()
    const consumer = space.consumer({ maxBytes: 8_000, partitionMaxBytes: 4_000 })
    consumer.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 })))
    const seen = Array.from({ length: partitions }, () => 0)
    let widest = 0
    for (const end = Date.now() + 30_000; Math.min(...seen) < 200 && Date.now() < end; ) {
      await consumer.arrival(200)
      for (const fetched of consumer.take()) seen[fetched.partition]! += decode(fetched).length
      widest = Math.max(widest, Math.max(...seen) - Math.min(...seen))
    }
    expect(seen).toEqual(seen.map(() => 200))
    expect(widest).toBeLessThan(60)
  })

  it('overwrites what was released, and nothing else', async () => {
    const space = workspace()
    const topic = await space.topic(4)
    const count = 4_000
    for (let partition = 0; partition < 4; partition++)
      await space.write(
        topic,
        Array.from({ length: count }, (_, index) => ({
          value: `${partition}/${index}/${String(index % 10).repeat(300)}`,
          partition
        }))
      )
    const consumer = space.consumer({ partitionMaxBytes: 200_000 })
    consumer.assign([0, 1, 2, 3].map((partition) => ({ topic, partition, offset: 0 })))
    const kept: Fetched[] = []
    let seen = 0
    let turn = 0
    const check = (fetched: Fetched): number => {
      const records = decode(fetched)
      for (const { value, partition, offset } of records)
        expect(value).toBe(`${partition}/${offset}/${String(offset % 10).repeat(300)}`)
      return records.length
    }
    for (const end = Date.now() + 20_000; seen < 4 * count && Date.now() < end; ) {
      await consumer.arrival(200)
      for (const fetched of consumer.take()) {
        seen += check(fetched)
        // of one answer, some are kept and some released, and twice
        if (turn++ % 5 === 0) kept.push(fetched)
        else for (let times = 0; times < 2; times++) fetched.release?.()
      }
    }
    expect(seen).toBe(4 * count)
    expect(kept.length).toBeGreaterThan(3)
    for (const fetched of kept) check(fetched)
  })

  it('holds no more than its bound of bytes that nobody takes', async () => {
    const space = workspace()
    const topic = await space.topic(4)
    for (let partition = 0; partition < 4; partition++)
      await space.write(
        topic,
        Array.from({ length: 2_000 }, () => ({ value: 'x'.repeat(500), partition }))
      )
    const consumer = space.consumer({ bufferBytes: 500_000 })
    consumer.assign([0, 1, 2, 3].map((partition) => ({ topic, partition, offset: 0 })))
    await sleep(1_500)
    const held = consumer.take().reduce((sum, { batches }) => sum + batches.end - batches.start, 0)
    expect(held).toBeGreaterThan(100_000)
    expect(held).toBeLessThan(1_000_000)
  })
})

describe('a fetch session with a real broker', { timeout: 30_000 }, () => {
  const workspace = workspaces(async () => ({
    client: new PlatformaticClient({ brokers: realBrokers() }),
    close: async () => {}
  }))
  const open: SocketFetchConnection[] = []
  afterEach(() => {
    for (const one of open.splice(0)) one.close()
  })

  it('answers with news only, forgets, and refuses numbers that it did not give', async () => {
    const space = workspace()
    const topic = await space.topic(3)
    await space.write(topic, numbered(5, 1))
    const cluster = new Cluster('test', { brokers: realBrokers() })
    await cluster.refresh([topic])
    const topicId = cluster.topic(topic)!.id
    await cluster.close()
    const connection = new SocketFetchConnection(parseAddress(realBrokers()[0]!), 'test', {})
    open.push(connection)
    const at = (partition: number, offset: number): FetchPartition => ({
      ...{ topicId, partition, offset, leaderEpoch: -1, lastEpoch: -1 }
    })
    const ask = (request: SessionRequest, changes: Partial<FetchRequest> = {}) =>
      connection.fetch(
        {
          ...request,
          ...{ maxWaitMs: 50, maxBytes: 1e6, partitionMaxBytes: 1e6, readCommitted: true, rack: '' },
          ...changes
        },
        5_000
      )
    const session = new FetchSession()
    const first = await ask(session.request([at(0, 0), at(1, 0), at(2, 0)]))
    expect(first.sessionId).not.toBe(0)
    expect(first.partitions.map(({ partition }) => partition).sort()).toEqual([0, 1, 2])
    session.answered(first)
    const second = await ask(session.request([at(0, 0), at(1, 5), at(2, 0)]))
    expect(second).toMatchObject({ sessionId: first.sessionId, errorCode: 0, partitions: [] })
    session.answered(second)
    await space.write(topic, [...numbered(5, 0), ...numbered(5, 2)])
    const third = await ask(session.request([at(0, 0), at(1, 5)]))
    // 2 was forgotten
    expect(third.partitions.map(({ partition }) => partition)).toEqual([0])
    session.answered(third)

    const next = session.request([at(0, 5), at(1, 5)])
    const skipped = await ask({ ...next, sessionEpoch: next.sessionEpoch + 5 })
    expect(skipped.errorCode).toBe(71)
    expect(session.refused(skipped.errorCode)).toBe(true)
    const unknown = await ask({ ...next, sessionId: 123_456 })
    expect(unknown.errorCode).toBe(70)
    const full = await ask(session.request([at(0, 5), at(1, 5)]))
    expect(full.errorCode).toBe(0)
    expect(full.sessionId).not.toBe(0)
    expect(full.partitions).toHaveLength(2)
  })
})
