import { expect, it } from 'vitest'
import { replay } from '../../bin/replay/replay.ts'
import { planReplay, type ReplayDecision } from '../../bin/replay/replay-plan.ts'
import { type Headers, string, textHeader } from '../../index.ts'
import { EventWriter } from '../../ingest/events/event-writer.ts'
import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import * as topics from '../../topology/retail/topics.ts'

/** A compacted topic `source` and a topic `dead`. */
async function brokers() {
  const client = new MemoryClient(new MemoryBroker())
  const admin = client.admin('test')
  await admin.createTopics([
    { name: 'source', partitions: 1, configs: { 'cleanup.policy': 'compact' } },
    { name: 'dead', partitions: 1, configs: {} }
  ])
  await admin.close()
  const producer = client.producerSync({ clientId: 'test' })
  const put = (topic: string, key: string, value: string | null, headers: Headers = []) => {
    const bytes = Buffer.from(key)
    producer.topicSync(topic).append(0, bytes, 0, bytes.length, string(), value, 5, headers)
    producer.flushSync()
  }
  /** A sink's dead letter. */
  const bury = (key: string, value: string | null, offset: number) =>
    put('dead', `source-0-${offset}`, value, [
      textHeader('error.reason', 'refused'),
      textHeader('error.sink', 's'),
      textHeader('origin.topic', 'source'),
      textHeader('origin.partition', '0'),
      textHeader('origin.offset', String(offset)),
      { key: 'origin.key', value: Buffer.from(key) }
    ])
  return { client, put, bury }
}

it('in a compacted topic writes only what is still the latest of its key, or deletes what is not there', async () => {
  const { client, put, bury } = await brokers()
  put('source', 'latest', 'a')
  put('source', 'changed', 'b')
  put('source', 'changed', 'c')
  bury('latest', 'a', 0)
  bury('changed', 'b', 1)
  // compaction has left nothing of these: a later tombstone is gone, too
  bury('deleted', 'd', 100)
  bury('refused tombstone', null, 101)
  const plan = await planReplay(client, 'test', 'dead', {})
  const expected: ReplayDecision[] = ['replay', 'superseded', 'superseded', 'replay']
  expect(plan.map(({ decision }) => decision)).toEqual(expected)
})

it('lists notifications that could not be understood, which were no records before', async () => {
  const client = new MemoryClient(new MemoryBroker())
  const writer = await EventWriter.open(client, 'test', topics)
  await writer.deadLetter({ text: '{', reason: 'the notification is not JSON', source: 'lambda' })
  await writer.close()
  const name = topics.eventDeadLetters.name
  const plan = await planReplay(client, 'test', name, {})
  expect(plan).toMatchObject([
    { topic: undefined, reason: 'lambda: the notification is not JSON', decision: 'impossible' }
  ])
  expect(await planReplay(client, 'test', name, { reason: 'something else' })).toEqual([])
  const { written } = await replay({ kafka: client, deadLetterTopic: name, filter: {} })
  expect(written).toBe(0)
})
