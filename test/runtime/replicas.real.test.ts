import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type KafkaClient, KafkaStreams, PlatformaticClient, type StreamsConfig } from '../../index.ts'
import type { StreamsGroupOptions, TaskOffset } from '../../kafka/port/streams-group.ts'
import { setOfGroup } from '../kafka/platformatic/group-setting.ts'
import { server } from '../sinks/servers.ts'
import { activeTasks, expectExactCounts, PARTITIONS, rekeyed } from './word-counts.ts'
import { readCounts, writeWords, writeWordsUntil } from './word-traffic.ts'

let prefix: string
let client: PlatformaticClient
let directories: string[]
let running: KafkaStreams[]
let log: string[]

beforeEach(() => {
  prefix = `replicas-${Date.now().toString(36)}-`
  client = new PlatformaticClient({ brokers: server('KAFKA_BROKERS').split(',') })
  directories = []
  running = []
  log = []
})

afterEach(async () => {
  await Promise.all(running.map((streams) => streams.close({ leaveGroup: true }).catch(() => undefined)))
  await Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true })))
})

async function directory(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'store-sku-replica-'))
  directories.push(made)
  return made
}

async function replica(
  groupProtocol: 'classic' | 'streams',
  settings: Partial<StreamsConfig> = {}
): Promise<KafkaStreams> {
  const stateDirectory = await directory()
  const name = `replica ${running.length + 1}`
  const tell = (text: string) => void log.push(`${name}: ${text}`)
  const streams = new KafkaStreams(rekeyed(prefix), {
    applicationId: `${prefix}app`,
    kafka: client,
    stateDirectory,
    processingGuarantee: 'exactly_once_v2',
    cacheMaxBytes: 0,
    groupProtocol,
    heartbeatIntervalMs: 300,
    maxWarmupReplicas: PARTITIONS,
    minFreeDiskBytes: 0,
    logger: { info: () => undefined, warn: tell, error: tell },
    ...settings
  })
  running.push(streams)
  await streams.start()
  return streams
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    for (const streams of running) if (streams.state === 'ERROR') await streams.finished
    await setTimeout(20)
  }
}

it.each(['classic', 'streams'] as const)(
  'one, two, and one again, while records keep coming: each is counted once (%s)',
  async (protocol) => {
    const stop = new AbortController()
    const writing = writeWordsUntil(client, prefix, stop.signal)
    const first = await replica(protocol)
    await until(() => activeTasks(first).length === 2 * PARTITIONS)
    const second = await replica(protocol)
    await until(() => activeTasks(first).length === PARTITIONS && activeTasks(second).length === PARTITIONS)
    expect(new Set([...activeTasks(first), ...activeTasks(second)]).size).toBe(2 * PARTITIONS)
    await setTimeout(500)
    await first.close({ leaveGroup: true })
    await until(() => activeTasks(second).length === 2 * PARTITIONS)
    await setTimeout(500)
    stop.abort()
    const written = await writing
    await until(async () => (await second.lag()).records === 0)
    await second.close({ leaveGroup: true })
    expectExactCounts(await readCounts(client, prefix), written)
    // no task was made anew: nobody was ever refused
    expect(log).toEqual([])
  },
  60_000
)

it('a streams group is told where the copies are', async () => {
  await setOfGroup(server('KAFKA_BROKERS').split(','), `${prefix}app`, 'streams.num.standby.replicas', '1')
  await writeWords(client, prefix, 10)
  const first = await replica('streams')
  await until(() => activeTasks(first).length === 2 * PARTITIONS)
  await until(async () => (await first.lag()).records === 0)

  let told: StreamsGroupOptions['offsets'] = () => []
  const kafka: KafkaClient = {
    admin: (clientId) => client.admin(clientId),
    consumer: (options) => client.consumer(options),
    producer: (options) => client.producer(options),
    transactionalProducer: (options) => client.transactionalProducer(options),
    group: (options) => client.group(options),
    streamsGroup(options) {
      told = options.offsets
      return client.streamsGroup(options)
    }
  }
  const stateDirectory = await directory()
  const copiesOf = (streams: KafkaStreams) => streams.tasks().filter(({ role }) => role === 'standby')
  const second = await replica('streams', { kafka, stateDirectory })
  await until(() => copiesOf(second).length > 0 && copiesOf(second).every(({ lag }) => lag === 0))
  const admin = client.admin('ends')
  const offsets = told()
  expect(offsets.map(({ partition }) => `1_${partition}`).sort()).toEqual(
    copiesOf(second)
      .map(({ id }) => id)
      .sort()
  )
  for (const { subTopology, partition, offset, endOffset } of offsets) {
    const changelog = { topic: `${prefix}app-counts-changelog`, partition }
    const end = [...(await admin.listOffsets([changelog], 'latest')).values()]
    expect(subTopology).toBe('1')
    expect([offset, endOffset]).toEqual([...end, ...end])
  }
  await admin.close()
  const stateful = (ids: readonly string[]) => ids.filter((id) => id.startsWith('1_')).sort()
  const held = stateful(second.tasks().map(({ id }) => id))
  await second.close({ leaveGroup: true })

  // what is on disk counts for something until it is open
  let atStart: readonly TaskOffset[] = []
  const again = {
    ...kafka,
    streamsGroup: (options: StreamsGroupOptions) => {
      atStart = options.offsets()
      return client.streamsGroup(options)
    }
  }
  await replica('streams', { kafka: again, stateDirectory })
  expect(stateful(atStart.map(({ subTopology, partition }) => `${subTopology}_${partition}`))).toEqual(held)
  for (const one of atStart) expect(one).toMatchObject({ offset: 0, endOffset: undefined })
}, 60_000)
