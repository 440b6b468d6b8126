import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  integer,
  type KafkaStreams,
  type KeyValueStore,
  StreamsBuilder,
  type StreamsConfig,
  string,
  topic
} from '../../index.ts'
import { MemoryApp } from './memory-app.ts'

const items = topic('items', {
  key: string(),
  value: integer(),
  partitions: 2,
  cleanupPolicy: 'compact'
})
const KEYS = 50

let app: MemoryApp
let otherDirectory: string
let version: number

beforeEach(async () => {
  app = await MemoryApp.create()
  otherDirectory = await mkdtemp(join(tmpdir(), 'store-sku-copies-'))
  version = 0
})

afterEach(async () => {
  await app.dispose()
  await rm(otherDirectory, { recursive: true, force: true })
})

/** Writes each key once more. */
async function write(): Promise<void> {
  version++
  await app.write(
    items,
    Array.from({ length: KEYS }, (_, n) => ({ key: `k${n}`, value: version, timestamp: version }))
  )
}

function start(config: Partial<StreamsConfig> = {}): Promise<KafkaStreams> {
  const builder = new StreamsBuilder({ optimization: ['reuse.ktable.source.topics'] })
  builder.table(items, { name: 'items' })
  return app.start(builder.build(), {
    numStandbyReplicas: 1,
    heartbeatIntervalMs: 50,
    commitIntervalMs: 10,
    ...config
  })
}

function copies(streams: KafkaStreams) {
  return streams.tasks().filter(({ role }) => role !== 'active')
}

/** What is in a replica's copies: how often each version. */
function rows(streams: KafkaStreams): Record<number, number> {
  const found: Record<number, number> = {}
  for (const { role, store } of streams.stores.local('items')) {
    if (role === 'active') continue
    for (const { value } of (store as unknown as KeyValueStore<string, number>).all())
      found[value] = (found[value] ?? 0) + 1
  }
  return found
}

it('a copy of a table whose changelog is its source topic goes as far as its task, and no further', async () => {
  await write()
  const one = await start()
  await app.caughtUp(one)
  const other = await start({ stateDirectory: otherDirectory })
  const each = [one, other]
  // each replica has its task and a copy of the other's
  await app.until(other, () => each.every((streams) => copies(streams).length === 1))
  const all = () => each.map(rows)
  const has = (expected: number) => () =>
    all().every((found) => Object.keys(found).join() === `${expected}`) &&
    all().reduce((sum, found) => sum + (found[expected] ?? 0), 0) === KEYS
  await app.until(other, has(1))

  await write()
  await app.until(other, has(2))
  await app.until(other, () => each.every((streams) => copies(streams)[0]?.lag === 0))
  expect(copies(one)[0]?.lagMs).toBeLessThan(10_000)

  // the tasks stand: so do the copies, whatever is in the topic
  for (const streams of each) streams.pause()
  await write()
  await setTimeout(1500)
  expect(has(2)()).toBe(true)
  expect(each.map((streams) => copies(streams)[0]?.lag)).toEqual([0, 0])
  for (const streams of each) streams.resume()
  await app.until(other, has(3))

  // who takes over has all
  await app.until(other, () => copies(other)[0]?.lag === 0)
  const { length } = app.restores
  await one.close({ leaveGroup: true })
  await app.until(other, () => other.tasks().every(({ role, running }) => role === 'active' && running))
  expect(app.restores.slice(length).reduce((sum, { restored }) => sum + restored, 0)).toBe(0)
  const stores = other.keyValueStores<string, number>('items')
  expect(stores.flatMap((store) => [...store.all()].map(({ value }) => value))).toEqual(
    Array.from({ length: KEYS }, () => 3)
  )
}, 30_000)

it('a copy that is not filled yet does not say that it lacks nothing', async () => {
  await write()
  const one = await start()
  await app.caughtUp(one)
  const other = await start({ stateDirectory: otherDirectory })
  await app.until(other, () => {
    const filled = other.stores.local('items').filter(({ role, lag }) => role !== 'active' && lag === 0)
    for (const { task, store } of filled)
      expect([...(store as unknown as KeyValueStore<string, number>).all()].length, task).toBeGreaterThan(10)
    return filled.length > 0
  })
}, 30_000)
