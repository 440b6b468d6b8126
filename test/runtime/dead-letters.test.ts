import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import {
  GrowableBytes,
  integer,
  KafkaStreams,
  noHeaders,
  type Serde,
  StreamsBuilder,
  string,
  topic
} from '../../index.ts'
import { MemoryBroker } from '../../kafka/memory/memory-broker.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import { deadLetterAfterAbort, expectDeadLetter } from './dead-letters.ts'

it('a dead letter is in the transaction: one that was aborted and repeated is read once', async () => {
  const client = new MemoryClient(new MemoryBroker(systemClock))
  expectDeadLetter(await deadLetterAfterAbort(client, 'app'), 'app')
})

it.each([
  ['fail', undefined],
  ['dead-letter', 4]
] as const)('with %s the dead-letter topic has %s partitions', async (handler, partitions) => {
  const client = new MemoryClient(new MemoryBroker(systemClock))
  const builder = new StreamsBuilder()
  builder.stream(topic('lines', { key: string(), value: string() })).foreach(() => undefined)
  const stateDirectory = await mkdtemp(join(tmpdir(), 'store-sku-letters-'))
  const streams = new KafkaStreams(builder.build(), {
    applicationId: 'app',
    kafka: client,
    stateDirectory,
    deserializationExceptionHandler: handler
  })
  await streams.start()
  const topics = await client.admin('a').describeTopics(['app-dead-letters'])
  expect(topics.get('app-dead-letters')?.partitions).toBe(partitions)
  await streams.close()
  await rm(stateDirectory, { recursive: true, force: true })
})

it('a change that a store would not take leaves no trace in those that leave its cache at the commit', async () => {
  const client = new MemoryClient(new MemoryBroker(systemClock))
  const oneDigit: Serde<number> = {
    ...integer(),
    encode(value, target, at) {
      if (value > 9) throw new RangeError('too long')
      return integer().encode(value, target, at)
    }
  }
  const rows = topic('rows', { key: oneDigit, value: integer(), partitions: 1 })
  const out = topic('out', { key: integer(), value: integer(), partitions: 1 })
  const builder = new StreamsBuilder()
  builder.table(rows, { name: 'rows' }).toStream().to(out)
  await client.admin('a').createTopics([{ name: 'rows', partitions: 1, configs: {} }])
  const producer = await client.producer({ clientId: 'writer' })
  const target = await producer.topic('rows')
  const key = new GrowableBytes()
  for (const n of [1, 10]) {
    const end = integer().encode(n, key, 0)
    target.append(0, key.buffer, 0, end, integer(), n, 1000 * n, noHeaders)
  }
  await producer.flush()
  const stateDirectory = await mkdtemp(join(tmpdir(), 'store-sku-letters-'))
  const streams = new KafkaStreams(builder.build(), {
    applicationId: 'app',
    kafka: client,
    stateDirectory,
    commitIntervalMs: 100,
    processingExceptionHandler: 'continue'
  })
  await streams.start()
  await expect.poll(() => client.broker.readAll('out').length, { timeout: 20_000 }).toBe(1)
  expect(client.broker.readAll('out')).toMatchObject([{ timestamp: 1000 }])
  await streams.close()
  await rm(stateDirectory, { recursive: true, force: true })
})
