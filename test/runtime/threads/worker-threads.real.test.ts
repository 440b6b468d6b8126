import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { KafkaStreams, PlatformaticClient, type StreamsConfig, type StreamsError } from '../../../index.ts'
import { server } from '../../sinks/servers.ts'
import { activeTasks, expectExactCounts, PARTITIONS } from '../word-counts.ts'
import { readCounts, writeWordsUntil } from '../word-traffic.ts'
import { trouble, troubledGraph } from './troubled-graph.ts'

let prefix: string
let client: PlatformaticClient
let stateDirectory: string
let streams: KafkaStreams
let log: string[]
let order: SharedArrayBuffer

beforeEach(async () => {
  prefix = `threads-${Date.now().toString(36)}-`
  client = new PlatformaticClient({ brokers: server('KAFKA_BROKERS').split(',') })
  stateDirectory = await mkdtemp(join(tmpdir(), 'store-sku-threads-'))
  log = []
  order = new SharedArrayBuffer(4)
})

afterEach(async () => {
  await streams.close({ leaveGroup: true, timeoutMs: 5_000 }).catch(() => undefined)
  await rm(stateDirectory, { recursive: true, force: true })
})

async function start(settings: Partial<StreamsConfig>): Promise<void> {
  const tell = (text: string) => void log.push(text)
  const data = { prefix, order }
  streams = new KafkaStreams(troubledGraph(data), {
    applicationId: `${prefix}app`,
    kafka: client,
    stateDirectory,
    processingGuarantee: 'exactly_once_v2',
    cacheMaxBytes: 0,
    heartbeatIntervalMs: 300,
    minFreeDiskBytes: 0,
    threadModule: { url: new URL('./troubled-graph.ts', import.meta.url), data },
    logger: { info: () => undefined, warn: tell, error: tell },
    ...settings
  })
  await streams.start()
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) {
    if (streams.state === 'ERROR') await streams.finished
    await setTimeout(20)
  }
}

/** How many tasks each thread runs. */
function shares(): number[] {
  const byThread = new Map<number, number>()
  for (const { thread, running, role } of streams.tasks())
    if (running && role === 'active') byThread.set(thread, (byThread.get(thread) ?? 0) + 1)
  return [...byThread.values()]
}

it('two threads share the tasks; one that throws, dies or loops is replaced, and each record is counted once', async () => {
  const uncaught: string[] = []
  const stop = new AbortController()
  const writing = writeWordsUntil(client, prefix, stop.signal)
  await start({
    threads: 2,
    maxPollIntervalMs: 3_000,
    uncaughtExceptionHandler: (error) => {
      uncaught.push((error as StreamsError).code)
      return 'replace-thread'
    }
  })
  await until(() => activeTasks(streams).length === 2 * PARTITIONS && shares().length === 2)
  expect(shares()).toEqual([PARTITIONS, PARTITIONS])
  const troubles = [
    [trouble.error, /trouble on purpose; another takes its place/],
    [trouble.exit, /thread \d died: it ended; another takes its place/],
    [
      trouble.endlessLoop,
      /stuck for 3000 ms: task 0_\d is at threads-\S+-words-\d offset \d+; another takes its place/
    ]
  ] as const
  for (const [kind, consequence] of troubles) {
    Atomics.store(new Int32Array(order), 0, kind)
    await until(() => log.some((line) => consequence.test(line)))
    await until(() => activeTasks(streams).length === 2 * PARTITIONS)
  }
  const metrics = await streams.metrics.registry.metrics()
  expect(metrics).toMatch(/streams_records_processed_total\{.*\} [1-9]/)
  for (const code of ['PROCESSOR_FAILED', 'THREAD_DIED', 'TASK_STUCK'])
    expect(metrics).toMatch(new RegExp(`streams_failures_total\\{code="${code}".*\\} 1\n`))
  expect(metrics).toMatch(new RegExp(`streams_tasks_active\\{.*\\} ${2 * PARTITIONS}\\n`))
  stop.abort()
  const written = await writing
  await until(async () => (await streams.lag()).records === 0)
  expect(await streams.close({ leaveGroup: true })).toBe(true)
  expectExactCounts(await readCounts(client, prefix), written)
  expect(uncaught).toEqual(expect.arrayContaining(['PROCESSOR_FAILED', 'TASK_STUCK']))
}, 90_000)

it('threads come and go, and one that does not end in time is ended', async () => {
  const stop = new AbortController()
  const writing = writeWordsUntil(client, prefix, stop.signal)
  await start({ threads: 1, maxPollIntervalMs: 0 })
  await streams.ready()
  expect(streams.addThread()).toBe(2)
  await until(() => shares().length === 2 && activeTasks(streams).length === 2 * PARTITIONS)
  expect(await streams.removeThread()).toBe(2)
  expect(await streams.removeThread()).toBe(undefined)
  await until(() => activeTasks(streams).length === 2 * PARTITIONS)
  expect(() => streams.keyValueStores('counts')).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }) as StreamsError
  )
  Atomics.store(new Int32Array(order), 0, trouble.endlessLoop)
  await until(() => Atomics.load(new Int32Array(order), 0) === trouble.none)
  stop.abort()
  await writing
  expect(await streams.close({ timeoutMs: 300 })).toBe(false)
  expect(streams.state).toBe('NOT_RUNNING')
}, 90_000)
