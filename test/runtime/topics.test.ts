import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  KafkaStreams,
  StreamsBuilder,
  StreamsError,
  silentLogger,
  string,
  systemClock,
  TimeWindows,
  topic
} from '../../index.ts'
import { PartitionWatch } from '../../runtime/membership/partition-watch.ts'
import { Plan } from '../../runtime/task-plan.ts'
import { MemoryApp } from './memory-app.ts'
import { PARTITIONS, rekeyed } from './word-counts.ts'

let app: MemoryApp

beforeEach(async () => {
  app = await MemoryApp.create()
})

afterEach(() => app.dispose())

const hourMs = 3_600_000
const words = topic('words', { key: string(), value: string(), partitions: PARTITIONS })

/** A repartition topic, a table, windows kept for 25 hours, and a history of one hour. */
function graph() {
  const builder = new StreamsBuilder()
  builder.table(topic('prices', { key: string(), value: string() }), {
    name: 'prices',
    historyRetentionMs: hourMs
  })
  const byWord = builder.stream(words).groupBy((word) => word, { name: 'by-word', key: string() })
  byWord.count({ name: 'counts' })
  byWord
    .windowedBy(TimeWindows.ofSizeAndGrace(hourMs, hourMs))
    .count({ name: 'hourly', retentionMs: 25 * hourMs })
  return builder.build()
}

describe('an internal topic that is there already', () => {
  it.each([
    ['by-word-repartition', { 'cleanup.policy': 'compact' }, 'is compacted'],
    ['by-word-repartition', { 'retention.ms': '604800000' }, 'set its retention.ms to -1'],
    ['by-word-repartition', { 'retention.bytes': '1000' }, 'set its retention.bytes to -1'],
    [
      'counts-changelog',
      { 'cleanup.policy': 'delete', 'retention.ms': '1000' },
      'deletes records after 1000 ms'
    ],
    ['counts-changelog', { 'message.timestamp.type': 'LogAppendTime' }, 'has LogAppendTime'],
    ['hourly-changelog', { 'retention.ms': '3600000' }, 'its store keeps them for 90000000 ms'],
    ['prices-changelog', { 'min.compaction.lag.ms': '0' }, 'has a history of 3600000 ms']
  ])('%s with %j is refused, and told why', async (name, configs, message) => {
    const partitions = name.startsWith('prices') ? 4 : PARTITIONS
    app.broker.createTopicSync(`app-${name}`, partitions, configs)
    await expect(app.start(graph())).rejects.toMatchObject({
      code: 'TOPIC_MISMATCH',
      message: expect.stringMatching(new RegExp(`"app-${name}".*${message}`))
    })
  })

  it('of a Java application fits', async () => {
    const java = { 'cleanup.policy': 'compact,delete', 'retention.ms': String(49 * hourMs) }
    app.broker.createTopicSync('app-hourly-changelog', PARTITIONS, java)
    app.broker.createTopicSync('app-by-word-repartition', PARTITIONS, { 'retention.ms': '-1' })
    await app.start(graph(), { engine: 'memory' })
    expect(app.broker.topic('app-prices-changelog').configs).toMatchObject({
      'min.compaction.lag.ms': String(25 * hourMs)
    })
  })

  it('with another number of partitions is refused, as are all others that do not fit', async () => {
    app.broker.createTopicSync('app-by-word-repartition', 3)
    app.broker.createTopicSync('app-counts-changelog', 2)
    await expect(app.start(graph())).rejects.toMatchObject({
      code: 'TOPIC_MISMATCH',
      message: expect.stringMatching(/"app-counts-changelog" has 2 .*"app-by-word-repartition" has 3 /)
    })
  })
})

it('an application that cannot begin says that it has ended', async () => {
  const client = new Proxy(app.client, {
    get(target, name) {
      if (name === 'admin')
        return (clientId: string) => {
          const admin = target.admin(clientId)
          admin.createTopics = async () => {
            throw new StreamsError('BROKER_UNAVAILABLE', 'no broker answers')
          }
          return admin
        }
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    }
  })
  const streams = new KafkaStreams(graph(), {
    applicationId: 'app',
    kafka: client,
    stateDirectory: app.stateDirectory
  })
  const refused = { code: 'BROKER_UNAVAILABLE' }
  await expect(streams.start()).rejects.toMatchObject(refused)
  expect(streams.state).toBe('ERROR')
  await expect(streams.ready()).rejects.toMatchObject(refused)
  await expect(streams.finished).rejects.toMatchObject(refused)
  await streams.close()
})

it('topics that are not co-partitioned are told', async () => {
  const builder = new StreamsBuilder()
  const prices = builder.table(topic('prices', { key: string(), value: string() }), { name: 'prices' })
  builder.stream(words).join(prices, (word, price) => word + price)
  await expect(app.start(builder.build())).rejects.toMatchObject({
    code: 'TOPIC_MISMATCH',
    message: expect.stringContaining('is joined with topics of 8')
  })
})

it('partitions added to a topic that tasks read are told once', async () => {
  const { broker, client } = app
  const plan = new Plan(rekeyed(), 'app', () => PARTITIONS)
  const told: string[] = []
  const error = (text: string) => void told.push(text)
  const logger = { ...silentLogger, error }
  const watch = new PartitionWatch(plan.tasks, client.admin('watch'), systemClock, logger)
  broker.createTopicSync('words', PARTITIONS)
  await watch.look()
  expect(told).toEqual([])
  broker.deleteTopicSync('words')
  broker.createTopicSync('words', PARTITIONS + 1)
  await watch.look()
  await watch.look()
  expect(told).toEqual([expect.stringContaining('topic "words" has 9 partitions now, but had 8')])
})
