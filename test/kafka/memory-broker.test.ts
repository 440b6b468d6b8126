import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { textHeader } from '../../core/record.ts'
import { string } from '../../core/serdes/string.ts'
import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'

const text = string()

function made(clock = new ManualClock(5000)) {
  const broker = new MemoryBroker(clock)
  const client = new MemoryClient(broker)
  const producer = client.producerSync({ clientId: 'test' })
  const write = (topic: string, partition: number, key: string | null, value: string | null) =>
    producer
      .topicSync(topic)
      .append(partition, key === null ? null : Buffer.from(key), 0, key?.length ?? 0, text, value, 1000, [])
  return { broker, client, producer, write }
}

describe('the broker in memory, without awaiting', () => {
  it('reads back what a producer wrote once it is flushed', () => {
    const { broker, producer, write } = made()
    broker.createTopicSync('sales', 2)
    write('sales', 1, 'k', 'one')
    write('sales', 0, null, null)
    producer.topicSync('sales').append(1, null, 0, 0, text, '', 2000, [textHeader('h', 'x')])
    expect(broker.readAll('sales')).toEqual([])
    producer.flushSync()
    const topic = 'sales'
    expect(broker.readAll('sales')).toEqual([
      { topic, partition: 0, offset: 0, timestamp: 1000, key: null, value: null, headers: [] },
      {
        topic,
        partition: 1,
        offset: 0,
        timestamp: 1000,
        key: Buffer.from('k'),
        value: Buffer.from('one'),
        headers: []
      },
      {
        topic,
        partition: 1,
        offset: 1,
        timestamp: 2000,
        key: null,
        value: Buffer.alloc(0),
        headers: [{ key: 'h', value: Buffer.from('x') }]
      }
    ])
    expect(broker.read('sales', 1, 1).map(({ offset }) => offset)).toEqual([1])
    expect(broker.read('sales', 1, 2)).toEqual([])
  })

  it('delivers to consumers at once', () => {
    const { broker, client, producer, write } = made()
    broker.createTopicSync('sales', 1)
    const consumer = client.consumer({ clientId: 'test' })
    consumer.assign([{ topic: 'sales', partition: 0, offset: 0 }])
    expect(consumer.take()).toEqual([])
    expect(consumer.lag('sales', 0)).toBe(0)
    write('sales', 0, 'k', 'one')
    producer.flushSync()
    expect(consumer.lag('sales', 0)).toBe(1)
    expect(consumer.take()).toHaveLength(1)
    expect(consumer.position('sales', 0)).toBe(1)
  })

  it('makes no topic on the way', () => {
    const { broker, producer } = made()
    const missing = expect.objectContaining({ code: 'TOPIC_MISSING' })
    expect(() => producer.topicSync('sales')).toThrow(missing)
    expect(() => broker.readAll('sales')).toThrow(missing)
    broker.createTopicSync('sales', 1)
    expect(() => broker.read('sales', 1, 0)).toThrow(missing)
    expect(() => producer.topicSync('sales').append(1, null, 0, 0, text, 'x', 0, [])).toThrow(missing)
    expect(() => broker.createTopicSync('none', 0)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' })
    )
    expect(broker.topicNames()).toEqual(['sales'])
  })

  it('loses no failure: a topic that is deleted meanwhile fails the flush, once', () => {
    const { broker, producer, write } = made()
    broker.createTopicSync('sales', 1)
    write('sales', 0, null, 'lost')
    broker.deleteTopicSync('sales')
    expect(() => producer.flushSync()).toThrow(expect.objectContaining({ code: 'PRODUCE_FAILED' }))
    broker.createTopicSync('sales', 1)
    write('sales', 0, null, 'kept')
    producer.flushSync()
    expect(broker.readAll('sales').map(({ value }) => String(value))).toEqual(['kept'])
  })

  it('stamps records with its clock where the topic says LogAppendTime', () => {
    const clock = new ManualClock(5000)
    const { broker, producer, write } = made(clock)
    broker.createTopicSync('log', 1, { 'message.timestamp.type': 'LogAppendTime' })
    for (let i = 0; i < 2; i++) {
      write('log', 0, null, 'x')
      producer.flushSync()
      clock.advance(10)
    }
    expect(broker.readAll('log').map(({ timestamp }) => timestamp)).toEqual([5000, 5010])
  })

  it('keeps group offsets for their topic only', async () => {
    const { broker, client } = made()
    broker.createTopicSync('sales', 1)
    const partition = { topic: 'sales', partition: 0 }
    const member = client.group({ clientId: 'test', groupId: 'g', instanceId: 'a', topics: ['sales'] })
    const early = { ...partition, offset: 3, metadata: 'm' }
    await expect(member.commit([early])).rejects.toMatchObject({ code: 'GROUP_REBALANCE' })
    expect((await member.join()).partitions).toEqual([partition])
    await member.commit([early])
    expect(await member.committed([partition])).toEqual([early])
    broker.deleteTopicSync('sales')
    expect(await member.committed([partition])).toEqual([])
  })

  it('runs transactions', async () => {
    const { broker, client } = made()
    broker.createTopicSync('sales', 1)
    const member = client.group({ clientId: 'test', groupId: 'g', instanceId: 'a', topics: ['sales'] })
    const [partition] = (await member.join()).partitions
    const producer = client.transactionalProducerSync({ clientId: 'test', transactionalId: 'id' })
    const write = (value: string) => producer.topicSync('sales').append(0, null, 0, 0, text, value, 1000, [])
    const seen = () => broker.readAll('sales').map(({ value }) => String(value))
    producer.beginSync()
    write('one')
    producer.sendOffsetsSync([{ ...partition!, offset: 7, metadata: 'm' }], member.metadata())
    expect(seen()).toEqual([])
    producer.commitSync()
    expect(seen()).toEqual(['one'])
    expect(await member.committed([partition!])).toMatchObject([{ offset: 7, metadata: 'm' }])
    producer.beginSync()
    write('lost')
    producer.flushSync()
    producer.abortSync()
    expect(seen()).toEqual(['one'])
    client.transactionalProducerSync({ clientId: 'test', transactionalId: 'id' })
    expect(() => producer.beginSync()).not.toThrow()
    write('zombie')
    expect(() => producer.commitSync()).toThrow(expect.objectContaining({ code: 'PRODUCER_FENCED' }))
    expect(seen()).toEqual(['one'])
  })
})
