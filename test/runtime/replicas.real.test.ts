import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { KafkaStreams, PlatformaticClient } from '../../index.ts'
import { server } from '../sinks/servers.ts'
import { activeTasks, expectExactCounts, PARTITIONS, rekeyed } from './word-counts.ts'
import { readCounts, writeWordsUntil } from './word-traffic.ts'

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

async function replica(groupProtocol: 'classic' | 'streams'): Promise<KafkaStreams> {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'store-sku-replica-'))
  directories.push(stateDirectory)
  const name = `replica ${directories.length}`
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
    logger: { info: () => undefined, warn: tell, error: tell }
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
