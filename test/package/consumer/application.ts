import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import {
  GrowableBytes,
  KafkaStreams,
  noHeaders,
  PlatformaticClient,
  partitionForKey,
  RecordCursor,
  type StreamsConfig
} from 'store-sku'
import { topicsOf, visitGraph } from './graph.js'

/*
 * Records through real brokers, two worker threads, and stores on disk:
 *
 *   node application.js BROKERS PREFIX ENGINE
 */

const [, , brokers = '', prefix = '', engine = ''] = process.argv
const kafka = new PlatformaticClient({ brokers: brokers.split(',') })
const { visits, counts } = topicsOf(prefix)

const admin = kafka.admin('consumer')
await admin.createTopics([visits, counts].map(({ name }) => ({ name, partitions: 2, configs: {} })))
await admin.close()

const stateDirectory = `state-${prefix}`
const streams = new KafkaStreams(visitGraph(prefix), {
  applicationId: `${prefix}app`,
  kafka,
  stateDirectory,
  engine: engine as NonNullable<StreamsConfig['engine']>,
  processingGuarantee: 'exactly_once_v2',
  heartbeatIntervalMs: 300,
  minFreeDiskBytes: 0,
  threads: 2,
  threadModule: { url: new URL('./graph.js', import.meta.url), data: prefix }
})
await streams.start()
// the second thread gets its share in a moment: two tasks for the topic, two for the repartition topic
const shares = () => {
  const running = streams.tasks().filter((task) => task.role === 'active' && task.running)
  return [running.length, new Set(running.map(({ thread }) => thread)).size]
}
while (String(shares()) !== '4,2') await Promise.race([setTimeout(50), streams.finished])

const producer = await kafka.producer({ clientId: 'consumer' })
const target = await producer.topic(visits.name)
const scratch = new GrowableBytes()
const pages = ['home', 'tea', 'coffee', 'home']
for (const page of pages) {
  const end = visits.key.encode(page, scratch, 0)
  const partition = partitionForKey(scratch.buffer, 0, end, target.partitions)
  target.append(partition, scratch.buffer, 0, end, visits.value, page, Date.now(), noHeaders)
}
await producer.flush()
await producer.close()

while (streams.state !== 'RUNNING' || (await streams.lag()).records > 0)
  await Promise.race([setTimeout(100), streams.finished])
await streams.close({ leaveGroup: true })
assert.deepEqual(
  await readCounts(),
  new Map([
    ['coffee', 1],
    ['home', 2],
    ['tea', 1]
  ])
)
rmSync(stateDirectory, { recursive: true })

console.log(`application on ${engine}: done`)
process.exit(0)

/** The last count of each page. */
async function readCounts(): Promise<Map<string, number>> {
  const consumer = kafka.consumer({ clientId: 'consumer' })
  const partitions = [0, 1].map((partition) => ({ topic: counts.name, partition, offset: 0 }))
  consumer.assign(partitions)
  const found = new Map<string, number>()
  const cursor = new RecordCursor()
  while (partitions.some(({ topic, partition }) => consumer.lag(topic, partition) !== 0)) {
    for (const { batches } of consumer.take()) {
      cursor.open(batches)
      while (cursor.next()) {
        const { buffer, keyStart, keyEnd, valueStart, valueEnd } = cursor
        found.set(
          counts.key.decode(buffer, keyStart, keyEnd),
          counts.value.decode(buffer, valueStart, valueEnd)
        )
      }
    }
    await consumer.arrival(100)
  }
  await consumer.close()
  return new Map([...found].sort())
}
