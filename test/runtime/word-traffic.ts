import { setTimeout } from 'node:timers/promises'
import { GrowableBytes, type KafkaClient, noHeaders, partitionForKey, RecordCursor } from '../../index.ts'
import { KEYS, PARTITIONS, wordTopics } from './word-topics.ts'

/** Adds each key once, again and again until `stop`; returns how many records that were. */
export function writeWordsUntil(client: KafkaClient, prefix: string, stop: AbortSignal): Promise<number> {
  return writeWhile(client, prefix, () => !stop.aborted)
}

/** Adds each key so many times; returns how many records that were. */
export function writeWords(client: KafkaClient, prefix: string, times: number): Promise<number> {
  return writeWhile(client, prefix, (written) => written < times * KEYS)
}

async function writeWhile(
  client: KafkaClient,
  prefix: string,
  wanted: (written: number) => boolean
): Promise<number> {
  const { words, counts } = wordTopics(prefix)
  const admin = client.admin('writer')
  await admin.createTopics(
    [words, counts].map(({ name, partitions }) => ({ name, partitions, configs: { 'retention.ms': '-1' } }))
  )
  await admin.close()
  const producer = await client.producer({ clientId: 'writer' })
  const target = await producer.topic(words.name)
  const scratch = new GrowableBytes()
  let written = 0
  while (wanted(written)) {
    for (let key = 0; key < KEYS; key++, written++) {
      const end = words.key.encode(`k${key}`, scratch, 0)
      const partition = partitionForKey(scratch.buffer, 0, end, target.partitions)
      target.append(partition, scratch.buffer, 0, end, words.value, `w${key}`, written, noHeaders)
    }
    await producer.flush()
    await setTimeout(10)
  }
  await producer.close()
  return written
}

/** What was told of each key, in order. */
export async function readCounts(
  client: KafkaClient,
  prefix: string
): Promise<{ key: string | null; value: number | null }[]> {
  const { counts } = wordTopics(prefix)
  const consumer = client.consumer({ clientId: 'reader' })
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: counts.name, partition }))
  consumer.assign(partitions.map((one) => ({ ...one, offset: 0 })))
  const cursor = new RecordCursor()
  const told: { key: string | null; value: number | null }[] = []
  while (partitions.some(({ topic, partition }) => consumer.lag(topic, partition) !== 0)) {
    for (const { batches } of consumer.take()) {
      cursor.open(batches)
      while (cursor.next()) {
        const { buffer, keyStart, keyEnd, valueStart, valueEnd } = cursor
        told.push({
          key: counts.key.decode(buffer, keyStart, keyEnd),
          value: counts.value.decode(buffer, valueStart, valueEnd)
        })
      }
    }
    await consumer.arrival(50)
  }
  await consumer.close()
  return told
}
