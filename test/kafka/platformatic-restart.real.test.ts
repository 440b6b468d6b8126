import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noHeaders } from '../../core/record.ts'
import { string } from '../../core/serdes/string.ts'
import { PlatformaticClient } from '../../kafka/platformatic/client.ts'
import type { KafkaClient } from '../../kafka/port/client.ts'
import type { Consumer } from '../../kafka/port/consumer.ts'
import { decode, sleep, until } from './conformance/workspace.ts'
import { OwnBroker } from './platformatic/own-broker.ts'

const text = string()
const topic = 'restarted'
const partitions = 3

describe('a broker that is killed and comes back', { timeout: 120_000 }, () => {
  let broker: OwnBroker
  let client: KafkaClient

  beforeAll(async () => {
    broker = await OwnBroker.start()
    client = new PlatformaticClient({ brokers: [broker.address] })
    const admin = client.admin('test')
    await admin.createTopics([{ name: topic, partitions, replicas: 1, configs: {} }])
    await admin.close()
  }, 120_000)
  afterAll(async () => broker?.close())

  it('makes producers and consumers lose nothing and repeat nothing', async () => {
    const producer = await client.producer({ clientId: 'test', batchBytes: 2_000, lingerMs: 2 })
    const consumer = client.consumer({ clientId: 'test' })
    consumer.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 })))
    const seen: string[][] = Array.from({ length: partitions }, () => [])
    const target = await producer.topic(topic)
    let writing = true
    let written = 0
    const writer = (async () => {
      while (writing) {
        for (let i = 0; i < 20; i++, written++) {
          if (!producer.hasRoom()) await producer.room()
          // A broker judges by the records' timestamps when it forgets a producer: after a restart it no longer knows one
          // whose last record is older than a day, and takes a repeated batch for a new one.
          target.append(
            written % partitions,
            null,
            0,
            0,
            text,
            `${written} ${'x'.repeat(100)}`,
            Date.now(),
            noHeaders
          )
        }
        await sleep(1)
      }
      await producer.flush()
    })()
    for (const end of ['kill', 'stop'] as const) {
      await until('some were read', () => take(consumer, seen))
      await sleep(1_000)
      await broker[end]()
      await sleep(500)
      await broker.launch()
      const before = count(seen)
      await until('reading goes on', async () => (await take(consumer, seen)) && count(seen) > before + 1_000)
    }
    writing = false
    await writer
    await until('all were read', async () => {
      await take(consumer, seen)
      return count(seen) >= written
    })
    await sleep(300)
    await take(consumer, seen)
    for (let partition = 0; partition < partitions; partition++)
      expect(seen[partition]).toEqual(numbersOf(partition, written))
    await producer.close()
    await consumer.close()
  })

  it('lets a member keep its place and commit', async () => {
    const member = client.group({
      clientId: 'test',
      groupId: 'restarted',
      instanceId: 'one',
      topics: [topic],
      heartbeatIntervalMs: 200
    })
    expect((await member.join()).partitions).toHaveLength(partitions)
    await member.commit([{ topic, partition: 0, offset: 5, metadata: 'before' }])
    await broker.kill()
    const committing = member.commit([{ topic, partition: 0, offset: 6, metadata: 'after' }])
    await broker.launch()
    await committing
    await sleep(500)
    member.check()
    expect(await member.committed([{ topic, partition: 0 }])).toEqual([
      { topic, partition: 0, offset: 6, metadata: 'after' }
    ])
    await member.close({ leave: true })
  })
})

/** True when some have arrived at all. */
async function take(consumer: Consumer, seen: string[][]): Promise<boolean> {
  await consumer.arrival(100)
  for (const fetched of consumer.take())
    for (const { partition, value } of decode(fetched)) seen[partition]?.push(value?.split(' ')[0] ?? '')
  return count(seen) > 0
}

function count(seen: readonly string[][]): number {
  return seen.reduce((sum, values) => sum + values.length, 0)
}

function numbersOf(partition: number, written: number): string[] {
  const numbers: string[] = []
  for (let number = partition; number < written; number += partitions) numbers.push(String(number))
  return numbers
}
