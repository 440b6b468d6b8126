import { GrowableBytes, type KafkaClient, noHeaders, partitionForKey, string } from '../../../index.ts'
import { type LineOptions, lineItems } from './line-items.ts'

const partitions = 4

/** Fills a topic with generated line items, unless it holds that many already. */
export async function generateLines(kafka: KafkaClient, topic: string, options: LineOptions): Promise<void> {
  const admin = kafka.admin('bench-generate')
  try {
    await admin.createTopics([
      { name: topic, partitions, configs: { 'retention.ms': '-1', 'message.timestamp.type': 'CreateTime' } }
    ])
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
    const ends = await admin.listOffsets(all, 'latest')
    const there = [...ends.values()].reduce((sum, end) => sum + end, 0)
    if (there === options.records) return
    if (there > 0)
      throw new Error(
        `topic ${topic} holds ${there} records, not ${options.records}: delete it or name another one`
      )
  } finally {
    await admin.close()
  }
  const producer = await kafka.producer({ clientId: 'bench-generate' })
  try {
    const target = await producer.topic(topic)
    const text = string()
    const scratch = new GrowableBytes()
    let count = 0
    for (const { key, value, timestamp } of lineItems(options)) {
      const end = text.encode(key, scratch, 0)
      const partition = partitionForKey(scratch.buffer, 0, end, partitions)
      target.append(partition, scratch.buffer, 0, end, text, value, timestamp, noHeaders)
      if (++count % 1000 === 0 && !producer.hasRoom()) await producer.room()
    }
    await producer.flush()
  } finally {
    await producer.close()
  }
}
