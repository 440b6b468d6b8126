import { createPartitionsV3 } from '@platformatic/kafka'
import { describe, expect, it } from 'vitest'
import { readInt64 } from '../../core/int64.ts'
import { string } from '../../core/serdes/string.ts'
import { BatchBuilder } from '../../kafka/batch/batch-builder.ts'
import { producerEpochAt, producerIdAt } from '../../kafka/batch/batch-header.ts'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { Channel, defaultChannel, parseAddress } from '../../kafka/platformatic/connections.ts'
import { produceApi } from '../../kafka/platformatic/produce-api.ts'
import { IdempotentProducer } from '../../kafka/platformatic/producer.ts'
import { append, numbered, sleep, takeRecords, until, values, workspaces } from './conformance/workspace.ts'
import { realBrokers } from './platformatic/brokers.ts'
import { produceChannel } from './platformatic/transactions.ts'

const text = string()
const dead = '127.0.0.1:1'

describe('what goes wrong with real brokers', { timeout: 60_000 }, () => {
  const workspace = workspaces(async () => ({
    client: new PlatformaticClient({ brokers: [dead, ...realBrokers()] }),
    close: async () => {}
  }))

  it('keeps a failure and throws it at every flush', async () => {
    const space = workspace()
    const topic = await space.topic()
    const producer = await space.client.producer({
      clientId: 'test',
      deliveryTimeoutMs: 1_000,
      bufferBytes: 10_000
    })
    await append(producer, topic, numbered(1))
    await producer.flush()
    await space.admin.deleteTopics([topic])
    const target = await producer.topic(topic)
    for (let i = 0; i < 20; i++) target.append(0, null, 0, 0, text, 'x'.repeat(1000), 1, [])
    expect(producer.hasRoom()).toBe(false)
    await producer.room()
    for (let i = 0; i < 2; i++)
      await expect(producer.flush()).rejects.toMatchObject({ code: 'PRODUCE_FAILED' })
    target.append(0, null, 0, 0, text, 'later', 1, [])
    await expect(producer.flush()).rejects.toThrow(`${topic}-0: a batch was not acknowledged within 1000 ms`)
    expect(producer.hasRoom()).toBe(true)
    await producer.close()
  })

  it('tells a loss at close when no flush has', async () => {
    const space = workspace()
    const topic = await space.topic(1, { 'max.message.bytes': '1000' })
    const producer = await space.client.producer({ clientId: 'test' })
    await append(producer, topic, [{ value: 'x'.repeat(2000) }])
    await expect(producer.close()).rejects.toThrow(/MESSAGE_TOO_LARGE/)
  })

  it('L: wraps sequence numbers at 2^31', async () => {
    const space = workspace()
    const topic = await space.topic()
    const producer = await IdempotentProducer.open(
      { clientId: 'test', batchBytes: 100 },
      { brokers: realBrokers() },
      2 ** 31 - 50
    )
    for (let first = 0; first < 100; first += 20) {
      await append(producer, topic, numbered(20, 0, first))
      await producer.flush()
    }
    await producer.close()
    expect(values(await space.read(topic, 100))).toEqual(numbered(100).map(({ value }) => value))
  })

  it('starts a new epoch when the leader has another place in its sequence', async () => {
    const space = workspace()
    const topic = await space.topic()
    const producer = await space.client.producer({ clientId: 'test', batchBytes: 300 })
    await append(producer, topic, numbered(10))
    await producer.flush()
    // as if the leader had records of this producer that it does not know of
    const consumer = space.consumer()
    consumer.assign([{ topic, partition: 0, offset: 0 }])
    await consumer.arrival(10_000)
    const { bytes, start } = consumer.take()[0]!.batches
    const builder = new BatchBuilder(topic, 0)
    for (let i = 0; i < 3; i++) builder.append(null, 0, 0, text, 'strange', 1, [], 1000)
    const batch = builder.finish({
      producerId: readInt64(bytes, start + producerIdAt),
      producerEpoch: bytes.readInt16BE(start + producerEpochAt),
      baseSequence: 10,
      transactional: false,
      compression: 'none'
    })
    const channel = produceChannel()
    const request = { transactionalId: null, timeoutMs: 1000, batches: [{ topic, partition: 0, ...batch }] }
    expect(await channel.send(produceApi, request)).toMatchObject([{ errorCode: 0 }])
    channel.close()
    await append(producer, topic, numbered(100, 0, 10))
    await producer.flush()
    await append(producer, topic, numbered(20, 0, 110))
    await producer.flush()
    await producer.close()
    expect(values(await space.read(topic, 133))).toEqual([
      ...numbered(10).map(({ value }) => value),
      'strange',
      'strange',
      'strange',
      ...numbered(120, 0, 10).map(({ value }) => value)
    ])
  })

  it('does not go on with a topic that was made again', async () => {
    const space = workspace()
    const topic = await space.topic()
    await space.write(topic, numbered(5))
    const consumer = space.consumer()
    consumer.assign([{ topic, partition: 0, offset: 0 }])
    await takeRecords(consumer, 5)
    await space.admin.deleteTopics([topic])
    await space.admin.createTopics([{ name: topic, partitions: 1, replicas: 1, configs: {} }])
    await space.write(topic, numbered(10))
    await until('it throws', async () => {
      await consumer.arrival(200)
      try {
        expect(consumer.take()).toEqual([])
        return false
      } catch (error) {
        expect(error).toMatchObject({ code: 'TOPIC_MISSING' })
        return true
      }
    })
    consumer.assign([{ topic, partition: 0, offset: 0 }])
    await takeRecords(consumer, 10)
  })

  it('gives a restarted static leader partitions that were added meanwhile', async () => {
    const space = workspace()
    const topic = await space.topic(2)
    const groupId = space.name('group')
    const first = space.group({ groupId, instanceId: 'one', topics: [topic] })
    expect((await first.join()).partitions).toHaveLength(2)
    await first.close()
    const channel = new Channel(parseAddress(realBrokers()[0]!), 'test', {}, defaultChannel)
    const answer = await channel.call(createPartitionsV3.api, [{ name: topic, count: 4 }], 10_000, false)
    expect(answer.results[0]?.errorCode).toBe(0)
    await channel.close()
    await until('the partitions are there', async () => {
      return (await space.admin.describeTopics([topic])).get(topic)?.partitions === 4
    })
    const second = space.group({ groupId, instanceId: 'one', topics: [topic] })
    expect((await second.join()).partitions).toHaveLength(4)
  })

  it('throws GROUP_REBALANCE for a commit of a former generation, and takes it after joining again', async () => {
    const space = workspace()
    const topic = await space.topic()
    const groupId = space.name('group')
    const first = space.group({ groupId, instanceId: 'one', topics: [topic] })
    const second = space.group({ groupId, instanceId: 'two', topics: [topic] })
    await first.join()
    const joining = second.join()
    await until('the group wants to rebalance', () => first.rejoinNeeded())
    const offset = { topic, partition: 0, offset: 3, metadata: '' }
    // the broker takes what was done up to now
    await first.commit([offset])
    expect((await first.join()).partitions).toHaveLength(1)
    expect((await joining).partitions).toHaveLength(0)
    await first.commit([{ ...offset, offset: 4 }])
    await second.close({ leave: true })
    await until('the group wants to rebalance again', () => first.rejoinNeeded())
    expect((await first.join()).partitions).toHaveLength(1)
    expect((await first.committed([{ topic, partition: 0 }]))[0]?.offset).toBe(4)
  })

  it('throws BROKER_UNAVAILABLE or BROKER_REFUSED, not something else, when nobody answers', async () => {
    const client = new PlatformaticClient({ brokers: [dead] })
    const consumer = client.consumer({ clientId: 'test' })
    consumer.assign([{ topic: 'any', partition: 0, offset: 0 }])
    // brokers that are away are retried for ever
    await sleep(500)
    expect(consumer.take()).toEqual([])
    await consumer.close()
    const admin = client.admin('test')
    const asked = admin.describeTopics(['any'])
    await sleep(100)
    await admin.close()
    await expect(asked).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  })
})
