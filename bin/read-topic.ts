import {
  type Headers,
  type KafkaClient,
  partitionName,
  RecordCursor,
  StreamsError,
  type Topic
} from '../index.ts'

/** A record of a topic that is read to its end. Key, value and headers are decoded when they are asked for. */
export interface TopicRecord<K, V> {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  key(): K | null
  value(): V | null
  headers(): Headers
}

/**
 * Reads what the topic holds now, each partition in its order, and returns. Transactions that are under way are waited for. `afterFetch`
 * is awaited between fetches, each of some MiB at most. Throws TOPIC_MISSING.
 */
export async function readTopic<K, V>(
  kafka: KafkaClient,
  clientId: string,
  topic: Topic<K, V>,
  visit: (record: TopicRecord<K, V>) => void,
  afterFetch?: () => Promise<void>
): Promise<void> {
  const ends = await endsOf(kafka, clientId, topic.name)
  const reading = ends.filter(({ earliest, end }) => earliest < end)
  if (reading.length === 0) return
  const consumer = kafka.consumer({ clientId, offsetReset: 'earliest' })
  try {
    consumer.assign(
      reading.map(({ partition, earliest }) => ({ topic: topic.name, partition, offset: earliest }))
    )
    const unfinished = () =>
      reading.some(({ partition, end }) => (consumer.position(topic.name, partition) ?? 0) < end)
    const cursors = new Map<number, RecordCursor>()
    while (unfinished()) {
      await consumer.arrival(1_000)
      for (const fetched of consumer.take()) {
        const { partition } = fetched
        let cursor = cursors.get(partition)
        if (cursor === undefined) {
          cursor = new RecordCursor(partitionName(topic.name, partition))
          cursors.set(partition, cursor)
        }
        cursor.open(fetched.batches)
        while (cursor.next()) visit(recordAt(topic, partition, cursor))
        await afterFetch?.()
      }
    }
  } finally {
    await consumer.close()
  }
}

function recordAt<K, V>(topic: Topic<K, V>, partition: number, cursor: RecordCursor): TopicRecord<K, V> {
  return {
    partition,
    offset: cursor.offset,
    timestamp: cursor.timestamp,
    key: () => (cursor.keyStart < 0 ? null : topic.key.decode(cursor.buffer, cursor.keyStart, cursor.keyEnd)),
    value: () =>
      cursor.valueStart < 0 ? null : topic.value.decode(cursor.buffer, cursor.valueStart, cursor.valueEnd),
    headers: () => cursor.headers()
  }
}

async function endsOf(
  kafka: KafkaClient,
  clientId: string,
  name: string
): Promise<{ partition: number; earliest: number; end: number }[]> {
  const admin = kafka.admin(clientId)
  try {
    const description = (await admin.describeTopics([name])).get(name)
    if (description === undefined) throw new StreamsError('TOPIC_MISSING', `the topic ${name} does not exist`)
    const partitions = Array.from({ length: description.partitions }, (_, partition) => ({
      topic: name,
      partition
    }))
    const [earliest, latest] = await Promise.all([
      admin.listOffsets(partitions, 'earliest'),
      admin.listOffsets(partitions, 'latest')
    ])
    return partitions.map(({ partition }) => ({
      partition,
      earliest: earliest.get(partitionName(name, partition)) ?? 0,
      end: latest.get(partitionName(name, partition)) ?? 0
    }))
  } finally {
    await admin.close()
  }
}
