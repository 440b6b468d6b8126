import { afterEach, describe, expect, it } from 'vitest'
import { FetchConsumer } from '../../kafka/platformatic/consumer.ts'
import { FetchBuffers } from '../../kafka/platformatic/fetch-buffers.ts'
import { SocketFetchConnection } from '../../kafka/platformatic/fetch-connection.ts'
import { sessionless } from '../../kafka/platformatic/fetch-session.ts'
import type { KafkaMetrics } from '../../kafka/port/metrics.ts'
import { until } from './conformance/workspace.ts'
import { batchOf } from './plain-records.ts'
import { type AnswerFetch, FakeCluster, fakeTopic } from './platformatic/fake-cluster.ts'
import { type Asked, frame, ScriptedBroker } from './platformatic/scripted-broker.ts'

const size = 1024 * 1024
const rounds = 3

class CountedBuffers extends FetchBuffers {
  out = 0

  override take(bytes: number): Buffer {
    this.out++
    return super.take(bytes)
  }

  override give(taken: Buffer): void {
    this.out--
    super.give(taken)
  }
}

const request = {
  ...sessionless([]),
  maxWaitMs: 0,
  maxBytes: size,
  partitionMaxBytes: size,
  readCommitted: true,
  rack: ''
}

/** The length of an answer, and half of it. */
function half({ correlationId, socket }: Asked): void {
  socket.write(frame(correlationId, Buffer.alloc(size)).subarray(0, size / 2))
}

describe('the buffer of an answer that nobody is to read comes back', () => {
  const open: { close(): void | Promise<void> }[] = []
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close()
  })

  it.each<[string, (asked: Asked) => void]>([
    [
      'ended in its middle',
      (asked) => {
        half(asked)
        asked.socket.end()
      }
    ],
    ['did not end in time', half],
    ['cannot be read', ({ answer }) => answer(Buffer.alloc(size, 0xff))],
    [
      'is to another question',
      ({ correlationId, socket }) => socket.write(frame(correlationId + 1, Buffer.alloc(size)))
    ]
  ])('that %s', async (_what, behave) => {
    const broker = await ScriptedBroker.start(behave)
    const buffers = new CountedBuffers()
    const connection = new SocketFetchConnection(broker.address, 'test', {}, buffers)
    open.push(broker, connection)
    for (let round = 0; round < rounds; round++)
      await expect(connection.fetch(request, 300)).rejects.toThrow(/broker/)
    expect(broker.asked).toHaveLength(rounds)
    expect(buffers.out).toBe(0)
  })

  async function consume(answer: AnswerFetch, buffers: FetchBuffers, metrics: KafkaMetrics = {}) {
    const cluster = await new FakeCluster(1, answer).start()
    const consumer = new FetchConsumer(
      { clientId: 'test', maxWaitMs: 10 },
      { brokers: [cluster.bootstrap], metrics },
      {
        connect: (address, clientId, security) =>
          new SocketFetchConnection(address, clientId, security, buffers)
      }
    )
    open.push(cluster, consumer)
    return { cluster, consumer }
  }
  const start = { topic: fakeTopic, partition: 0, offset: 0 }
  const records = batchOf('x'.repeat(size / 2))

  it('that the broker refused as a whole', async () => {
    const buffers = new CountedBuffers()
    const refused = { errorCode: 70, partitions: [{ partition: 0, records }] }
    const { cluster, consumer } = await consume(() => refused, buffers)
    consumer.assign([start])
    await until('it was asked that often', () => cluster.fetches.length > rounds)
    consumer.unassign([start])
    await until('all is back', () => buffers.out === 0)
  })

  it('that had arrived when its partition was assigned anew', async () => {
    const buffers = new CountedBuffers()
    const full = { partitions: [{ partition: 0, highWatermark: 1, records }] }
    let arrived = 0
    const fetch = ({ batches }: { readonly batches: number }) => {
      arrived += batches
    }
    const { consumer } = await consume(() => full, buffers, { fetch })
    for (let round = 1; round <= rounds; round++) {
      consumer.assign([start])
      await until('it has arrived', () => arrived >= round)
    }
    consumer.unassign([start])
    await until('all is back', () => buffers.out === 0)
  })
})
