import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { KafkaStreams, StreamsConfig } from '../../../index.ts'
import { MemoryApp } from '../memory-app.ts'
import { activeTasks, expectExactCounts, KEYS, PARTITIONS, wordTopics } from '../word-counts.ts'
import { trouble, troubledGraph } from './troubled-graph.ts'

const { words, counts } = wordTopics('')

let app: MemoryApp
let directories: string[]
let order: SharedArrayBuffer
let written: number

beforeEach(async () => {
  app = await MemoryApp.create()
  directories = []
  order = new SharedArrayBuffer(4)
  written = 0
})

afterEach(async () => {
  await app.dispose()
  await Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true })))
})

async function start(settings: Partial<StreamsConfig>): Promise<KafkaStreams> {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'store-sku-uncaught-'))
  directories.push(stateDirectory)
  return app.start(troubledGraph({ prefix: '', order }), {
    stateDirectory,
    engine: 'memory',
    cacheMaxBytes: 0,
    commitIntervalMs: 10,
    sessionTimeoutMs: 300,
    ...settings
  })
}

async function write(times: number): Promise<void> {
  const rows = Array.from({ length: times * KEYS }, (_, n) => ({
    key: `k${n % KEYS}`,
    value: `w${n % KEYS}`,
    timestamp: written + n
  }))
  await app.write(words, rows)
  written += rows.length
}

function makeTrouble(): void {
  Atomics.store(new Int32Array(order), 0, trouble.error)
}

it('replace-thread: another thread goes on from the last commit', async () => {
  const errors: Error[] = []
  await write(10)
  const streams = await start({
    uncaughtExceptionHandler: (error) => {
      errors.push(error)
      return 'replace-thread'
    }
  })
  await streams.ready()
  makeTrouble()
  await write(10)
  await app.until(streams, () => errors.length === 1)
  await app.until(streams, async () => streams.state === 'RUNNING' && (await streams.lag()).records === 0)
  expect(errors[0]).toMatchObject({
    code: 'PROCESSOR_FAILED',
    message: expect.stringMatching(/words-\d at offset/)
  })
  expectExactCounts(
    app.read(counts).map(({ decoded }) => decoded),
    written
  )
})

it('shutdown-application: every process of the application ends', async () => {
  const settings = { uncaughtExceptionHandler: () => 'shutdown-application' as const }
  await write(1)
  const both = [await start(settings), await start(settings)]
  for (const streams of both) await app.until(streams, () => activeTasks(streams).length === PARTITIONS)
  const ends = both.map((streams) =>
    streams.finished.then(
      () => 'closed',
      (error) => error.code
    )
  )
  makeTrouble()
  await write(1)
  expect((await Promise.all(ends)).sort()).toEqual(['APPLICATION_SHUTDOWN', 'PROCESSOR_FAILED'])
  expect(both.map(({ state }) => state)).toEqual(['ERROR', 'ERROR'])
  // who starts again is not told of what is over
  const again = await start({})
  await write(1)
  await app.caughtUp(again)
}, 20_000)

it('where the other processes are is known while the only thread is replaced, and when it has ended', async () => {
  const responses: ('replace-thread' | 'shutdown-client')[] = ['replace-thread', 'shutdown-client']
  let failures = 0
  const both = await Promise.all(
    ['h:1', 'h:2'].map((applicationServer) =>
      // nobody is taken for gone
      start({
        applicationServer,
        sessionTimeoutMs: 60_000,
        uncaughtExceptionHandler: () => responses[failures++]!
      })
    )
  )
  const endpoints = (streams: KafkaStreams) => streams.metadataForAllClients().map((one) => one.endpoint)
  const all = () => both.map((streams) => endpoints(streams).sort().join())
  for (const streams of both)
    await app.until(
      streams,
      () => activeTasks(streams).length === PARTITIONS && endpoints(streams).length === 2
    )
  let replaced = 0
  const seen = new Set<string>()
  const watch = setInterval(() => {
    for (const known of all()) seen.add(known)
    if (both.some(({ state }) => state !== 'RUNNING')) replaced++
  }, 2)
  try {
    makeTrouble()
    await write(1)
    while (failures < 1 || both.some(({ state }) => state !== 'RUNNING')) await setTimeout(5)
    expect(replaced).toBeGreaterThan(0)
    makeTrouble()
    await write(1)
    await Promise.race(both.map(({ finished }) => finished)).catch(() => undefined)
    expect(both.map(({ state }) => state)).toContain('ERROR')
    expect(all()[both.findIndex(({ state }) => state === 'ERROR')]).toBe('h:1,h:2')
    expect([...seen]).toEqual(['h:1,h:2'])
  } finally {
    clearInterval(watch)
  }
}, 20_000)

it('shutdown-client is what happens by itself, and when the handler throws', async () => {
  const streams = await start({
    uncaughtExceptionHandler: () => {
      throw new Error('no idea')
    }
  })
  makeTrouble()
  await write(1)
  await expect(streams.finished).rejects.toMatchObject({ code: 'PROCESSOR_FAILED' })
  await expect(streams.ready()).rejects.toMatchObject({ code: 'PROCESSOR_FAILED' })
  expect(app.log.join('\n')).toContain('uncaughtExceptionHandler threw: no idea')
})

it('a paused application stays a member and processes nothing until it is resumed', async () => {
  const streams = await start({})
  await write(2)
  await app.caughtUp(streams)
  streams.pause()
  await setTimeout(30)
  await write(3)
  await setTimeout(500)
  expect((await streams.lag()).records).toBe(3 * KEYS)
  expect(streams.state).toBe('RUNNING')
  streams.resume()
  await app.caughtUp(streams)
  expect(await streams.close({ timeoutMs: 10_000 })).toBe(true)
  expectExactCounts(
    app.read(counts).map(({ decoded }) => decoded),
    written
  )
})

it.each([
  [true, 0],
  [false, 1]
])(
  'an application that failed and is closed with leaveGroup %j has %i places left',
  async (leaveGroup, places) => {
    await write(1)
    const streams = await start({ sessionTimeoutMs: 60_000 })
    await streams.ready()
    makeTrouble()
    await write(1)
    await expect(streams.finished).rejects.toMatchObject({ code: 'PROCESSOR_FAILED' })
    const { members } = app.broker.group('app')
    expect(members.size).toBe(1)
    await expect(streams.close({ leaveGroup })).rejects.toMatchObject({ code: 'PROCESSOR_FAILED' })
    expect(members.size).toBe(places)
  }
)
