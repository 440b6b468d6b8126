import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPartitionsV3, FeatureUpgradeTypes, updateFeaturesV1 } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noHeaders } from '../../core/record.ts'
import { string } from '../../core/serdes/string.ts'
import { type KafkaCluster, startCluster } from '../../deploy/local/cluster.ts'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import { Channel, defaultChannel, parseAddress } from '../../kafka/platformatic/connections.ts'
import type { Consumer } from '../../kafka/port/consumer.ts'
import {
  append,
  numbered,
  sleep,
  takeRecords,
  until,
  values,
  Workspace,
  workspaces
} from './conformance/workspace.ts'
import { realBrokers } from './platformatic/brokers.ts'

const text = string()

/** Until `take` throws; whatever it delivers before is dropped. */
async function failureOf(consumer: Consumer): Promise<unknown> {
  let failure: unknown
  await until('the consumer throws', async () => {
    await consumer.arrival(200)
    try {
      consumer.take()
      return false
    } catch (error) {
      failure = error
      return true
    }
  })
  return failure
}

describe('topics that change under producers and consumers', { timeout: 60_000 }, () => {
  const workspace = workspaces(async () => ({
    client: new PlatformaticClient({ brokers: realBrokers() }),
    close: async () => {}
  }))

  it('a timestamp an hour ahead, where the broker refuses it, is told with its partition', async () => {
    const space = workspace()
    const topic = await space.topic(1, { 'message.timestamp.after.max.ms': '60000' })
    const producer = await space.client.producer({ clientId: 'test' })
    await append(producer, topic, [{ value: 'now', timestamp: Date.now() }])
    await producer.flush()
    await append(producer, topic, [{ value: 'ahead', timestamp: Date.now() + 3_600_000 }])
    const flushing = producer.flush()
    await expect(flushing).rejects.toMatchObject({ code: 'PRODUCE_FAILED' })
    await expect(flushing).rejects.toThrow(
      new RegExp(`${topic}-0.*INVALID_TIMESTAMP.*message.timestamp.after.max.ms`)
    )
    await producer.close().catch(() => undefined)
    expect(values(await space.read(topic, 1))).toEqual(['now'])
  })

  it('a record larger than the broker accepts is told with its partition', async () => {
    const space = workspace()
    const topic = await space.topic(2)
    const producer = await space.client.producer({ clientId: 'test' })
    await append(producer, topic, [{ value: 'x'.repeat(5_000), partition: 1 }])
    await producer.flush()
    await space.admin.alterTopicConfigs(topic, { 'max.message.bytes': '2000' })
    await until('the limit is in force', async () => {
      return (await space.admin.topicConfigs([topic])).get(topic)?.['max.message.bytes'] === '2000'
    })
    await append(producer, topic, [{ value: 'y'.repeat(5_000), partition: 1 }])
    const flushing = producer.flush()
    await expect(flushing).rejects.toMatchObject({ code: 'PRODUCE_FAILED' })
    await expect(flushing).rejects.toThrow(new RegExp(`${topic}-1.*MESSAGE_TOO_LARGE.*max.message.bytes`))
    await producer.close().catch(() => undefined)
  })

  it('a partition count that grows disturbs neither side, and the new partitions can be used', async () => {
    const space = workspace()
    const topic = await space.topic(2)
    const producer = await space.producer()
    const consumer = space.consumer()
    consumer.assign([0, 1].map((partition) => ({ topic, partition, offset: 0 })))
    await append(producer, topic, [...numbered(10, 0), ...numbered(10, 1)])
    await producer.flush()
    await grow(topic, 4)
    await until(
      'all know',
      async () => (await space.admin.describeTopics([topic])).get(topic)?.partitions === 4
    )
    await append(producer, topic, [...numbered(10, 0, 10), ...numbered(10, 1, 10)])
    await producer.flush()
    await takeRecords(consumer, 40)
    // a producer made before keeps to what it knew, and says so
    const target = await producer.topic(topic)
    expect(target.partitions).toBe(2)
    expect(() => target.append(3, null, 0, 0, text, 'new', 1, noHeaders)).toThrow(`${topic}-3`)
    await space.write(topic, numbered(5, 3))
    consumer.assign([{ topic, partition: 3, offset: 0 }])
    await takeRecords(consumer, 5)
  })

  it('a topic deleted under a producer and a consumer is told to both', async () => {
    const space = workspace()
    const topic = await space.topic()
    const other = await space.topic()
    const producer = await space.client.producer({ clientId: 'test', deliveryTimeoutMs: 4_000 })
    const consumer = space.consumer()
    consumer.assign([topic, other].map((name) => ({ topic: name, partition: 0, offset: 0 })))
    await append(producer, topic, numbered(5))
    await producer.flush()
    await takeRecords(consumer, 5)
    await space.admin.deleteTopics([topic])
    await append(producer, topic, numbered(5))
    await append(producer, other, numbered(5))
    const began = Date.now()
    const flushing = producer.flush()
    await expect(flushing).rejects.toMatchObject({
      code: expect.stringMatching(/PRODUCE_FAILED|TOPIC_MISSING/)
    })
    await expect(flushing).rejects.toThrow(`${topic}-0`)
    expect(Date.now() - began).toBeLessThan(10_000)
    await producer.close().catch(() => undefined)
    expect(await failureOf(consumer)).toMatchObject({
      code: 'TOPIC_MISSING',
      message: expect.stringContaining(topic)
    })
    // the other topic has lost nothing
    expect(await space.read(other, 5)).toHaveLength(5)
  })

  async function grow(topic: string, partitions: number): Promise<void> {
    const channel = new Channel(parseAddress(realBrokers()[0]!), 'test', {}, defaultChannel)
    const answer = await channel.call(
      createPartitionsV3.api,
      [{ name: topic, count: partitions }],
      10_000,
      false
    )
    expect(answer.results[0]?.errorCode).toBe(0)
    await channel.close()
  }
})

describe('a feature that is downgraded under a producer', { timeout: 90_000 }, () => {
  let cluster: KafkaCluster
  let space: Workspace
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'store-sku-features-'))
    cluster = await startCluster({ directory, brokers: 1 })
    space = new Workspace(new PlatformaticClient({ brokers: [cluster.bootstrap] }))
  }, 180_000)
  afterAll(async () => {
    await space?.close()
    await cluster?.stop({ wipe: true })
    await rm(directory, { recursive: true, force: true })
  }, 60_000)

  it('costs at most the transaction that was open', async () => {
    const topic = await space.topic(2)
    const producer = await space.transactional()
    const committed: string[] = []
    const transact = async (value: string, meanwhile?: () => Promise<void>): Promise<string> => {
      try {
        await producer.begin()
        await append(producer, topic, [
          { value, partition: 0 },
          { value, partition: 1 }
        ])
        await producer.flush()
        await meanwhile?.()
        await producer.commit()
        committed.push(value)
        return 'committed'
      } catch (error) {
        expect(error, String(error)).toMatchObject({ code: 'TRANSACTION_ABORTABLE' })
        await producer.abort()
        return 'aborted'
      }
    }
    expect(await level()).toBe(2)
    expect(await transact('version 2')).toBe('committed')
    await setLevel(1)
    expect(await transact('version 1')).toBe('committed')
    await setLevel(2)
    await transact('downgraded while open', () => setLevel(1))
    expect(await transact('after the downgrade')).toBe('committed')
    await transact('upgraded while open', () => setLevel(2))
    expect(await transact('after the upgrade')).toBe('committed')
    for (const partition of [0, 1])
      expect(values(await space.read(topic, committed.length, partition))).toEqual(committed)
  })

  async function level(): Promise<number | undefined> {
    return (await space.admin.finalizedFeatures()).get('transaction.version')
  }

  async function setLevel(wanted: number): Promise<void> {
    const channel = new Channel(parseAddress(cluster.bootstrap), 'test', {}, defaultChannel)
    const upgradeType = wanted === 1 ? FeatureUpgradeTypes.SAFE_DOWNGRADE : FeatureUpgradeTypes.UPGRADE
    const change = { feature: 'transaction.version', maxVersionLevel: wanted, upgradeType }
    const answer = await channel.call(updateFeaturesV1.api, 10_000, [change], false)
    expect(answer.errorMessage ?? '').toBe('')
    expect(answer.errorCode).toBe(0)
    await channel.close()
    await until('the level is in force', async () => (await level()) === wanted)
    await sleep(200)
  }
})
