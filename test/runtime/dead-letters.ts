import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import {
  type DeadLetter,
  type KafkaClient,
  KafkaStreams,
  noHeaders,
  RecordCursor,
  readDeadLetter,
  StreamsBuilder,
  StreamsError,
  string,
  topic
} from '../../index.ts'

async function write(client: KafkaClient, to: string, values: readonly string[]): Promise<void> {
  const producer = await client.producer({ clientId: 'writer' })
  const target = await producer.topic(to)
  const key = Buffer.from('k')
  for (const [n, value] of values.entries())
    target.append(0, key, 0, key.length, string(), value, 1000 + n, [
      { key: 'n', value: Buffer.from(`${n}`) }
    ])
  await producer.flush()
  await producer.close()
}

/** All records of partition 0, as that isolation level sees them. */
async function readAll(client: KafkaClient, name: string, isolation: 'read_committed' | 'read_uncommitted') {
  const admin = client.admin('reader')
  const end = (await admin.listOffsets([{ topic: name, partition: 0 }], 'latest')).get(`${name}-0`) ?? 0
  await admin.close()
  const consumer = client.consumer({ clientId: 'reader', isolation })
  consumer.assign([{ topic: name, partition: 0, offset: 0 }])
  const records = []
  while ((consumer.position(name, 0) ?? 0) < end) {
    await consumer.arrival(1000)
    for (const { batches } of consumer.take()) {
      const cursor = new RecordCursor()
      cursor.open(batches)
      while (cursor.next()) {
        const { buffer, keyStart, keyEnd, valueStart, valueEnd, timestamp } = cursor
        const key = keyStart < 0 ? null : Buffer.from(buffer.subarray(keyStart, keyEnd))
        const value = valueStart < 0 ? null : Buffer.from(buffer.subarray(valueStart, valueEnd))
        records.push({ key, value, timestamp, headers: cursor.headers() })
      }
    }
  }
  await consumer.close()
  return records
}

/**
 * A record that no step can take, under exactly-once, and a commit that fails once after it: its dead letter was written twice, and
 * counts once.
 */
export async function deadLetterAfterAbort(client: KafkaClient, prefix: string): Promise<DeadLetter> {
  const lines = topic(`${prefix}-lines`, { key: string(), value: string(), partitions: 1 })
  const numbers = topic(`${prefix}-numbers`, { key: string(), value: string(), partitions: 1 })
  const builder = new StreamsBuilder()
  builder
    .stream(lines)
    .map((line, key) => {
      if (!/^\d+$/.test(line)) throw new RangeError(`"${line}" is no number`)
      return [key, line] as const
    })
    .to(numbers)
  const admin = client.admin('maker')
  const configs = { 'retention.ms': '-1' }
  await admin.createTopics([{ name: lines.name, partitions: 1, configs }])
  // one that is there keeps its partitions
  const letters = `${prefix}-letters`
  await admin.createTopics([{ name: letters, partitions: 1, configs }])
  await admin.close()
  await write(client, lines.name, ['1', 'two', '3'])

  const stateDirectory = await mkdtemp(join(tmpdir(), 'store-sku-letters-'))
  let asked = 0
  let failures = 0
  const streams = new KafkaStreams(builder.build(), {
    applicationId: prefix,
    kafka: client,
    stateDirectory,
    processingGuarantee: 'exactly_once_v2',
    processingExceptionHandler() {
      asked++
      return 'dead-letter'
    },
    deadLetterTopic: letters,
    onCommitPoint(point) {
      // the dead letter is in the log by then, and not committed
      if (point !== 'before step 4' || asked === 0 || failures > 0) return
      failures++
      throw new StreamsError('TRANSACTION_ABORTABLE', 'made to fail')
    }
  })
  try {
    await streams.start()
    await expect.poll(async () => (await streams.lag()).records, { timeout: 30_000 }).toBe(0)
    const outputs = await readAll(client, numbers.name, 'read_committed')
    expect(outputs.map(({ value }) => String(value))).toEqual(['1', '3'])
    expect(failures).toBe(1)
    expect(await readAll(client, letters, 'read_uncommitted')).toHaveLength(2)
    expect(await streams.metrics.registry.getSingleMetricAsString('streams_dead_letters_total')).toMatch(
      /reason="processing",.*\} 2/
    )
  } finally {
    await streams.close({ leaveGroup: true })
    await rm(stateDirectory, { recursive: true, force: true })
  }
  const committed = await readAll(client, letters, 'read_committed')
  expect(committed).toHaveLength(1)
  const [letter = { key: null, value: null, timestamp: -1, headers: noHeaders }] = committed
  return readDeadLetter(letter)
}

/** What the dead letter of `deadLetterAfterAbort` is. */
export function expectDeadLetter(letter: DeadLetter, prefix: string): void {
  expect(letter).toMatchObject({
    key: Buffer.from('k'),
    value: Buffer.from('two'),
    timestamp: 1001,
    exception: 'RangeError',
    message: '"two" is no number',
    topic: `${prefix}-lines`,
    partition: 0,
    offset: 1
  })
  expect(letter.headers.map(({ key }) => key)).toEqual([
    'n',
    '__streams.errors.exception',
    '__streams.errors.message',
    '__streams.errors.topic',
    '__streams.errors.partition',
    '__streams.errors.offset',
    '__streams.errors.stacktrace'
  ])
}
