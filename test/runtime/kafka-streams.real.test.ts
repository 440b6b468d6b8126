import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  GrowableBytes,
  KafkaStreams,
  noHeaders,
  PlatformaticClient,
  partitionForKey,
  resetApplication,
  silentLogger
} from '../../index.ts'
import { openEngine } from '../../state/engines/open-engine.ts'
import { storeDirectory } from '../../state/task-directory.ts'
import { server } from '../sinks/servers.ts'
import { deadLetterAfterAbort, expectDeadLetter } from './dead-letters.ts'
import { totalsGraph } from './totals.ts'

interface Message {
  readonly log?: string
  readonly lag?: number
  readonly restored?: number
  readonly rebuilt?: boolean
  readonly dump?: readonly (readonly string[])[]
}

/** The application in a process of its own. */
class App {
  readonly process: ChildProcess
  readonly log: string[] = []
  restored = 0
  readonly #listeners = new Set<(message: Message) => void>()
  readonly exit: Promise<number | null>

  constructor(prefix: string, stateDirectory: string, guarantee: string, cacheMaxBytes?: number) {
    this.process = fork(new URL('./totals-process.ts', import.meta.url), [
      server('KAFKA_BROKERS'),
      prefix,
      stateDirectory,
      guarantee,
      ...(cacheMaxBytes === undefined ? [] : [String(cacheMaxBytes)])
    ])
    this.process.on('message', (message: Message) => {
      if (message.log !== undefined) this.log.push(message.log)
      this.restored += message.restored ?? 0
      for (const listener of this.#listeners) listener(message)
    })
    this.exit = new Promise((resolve) => this.process.once('exit', resolve))
  }

  until<T>(pick: (message: Message) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const listener = (message: Message) => {
        const picked = pick(message)
        if (picked === undefined) return
        this.#listeners.delete(listener)
        resolve(picked)
      }
      this.#listeners.add(listener)
      this.exit.then((code) =>
        reject(new Error(`the application ended with ${code}: ${this.log.join('\n')}`))
      )
    })
  }

  async caughtUp(): Promise<void> {
    let zeros = 0
    await this.until(({ lag }) => {
      if (lag === undefined) return undefined
      zeros = lag === 0 ? zeros + 1 : 0
      return zeros === 2 ? true : undefined
    })
  }

  rebuild(task: string): Promise<boolean> {
    this.process.send(`rebuild ${task}`)
    return this.until(({ rebuilt }) => rebuilt)
  }

  dump(): Promise<readonly (readonly string[])[]> {
    this.process.send('dump')
    return this.until(({ dump }) => dump)
  }

  close(): Promise<number | null> {
    this.process.send('close')
    return this.exit
  }

  kill(): Promise<number | null> {
    this.process.kill('SIGKILL')
    return this.exit
  }
}

let prefix: string
let stateDirectory: string
let apps: App[]
let client: PlatformaticClient

beforeEach(async () => {
  prefix = `totals-${Date.now().toString(36)}`
  stateDirectory = await mkdtemp(join(tmpdir(), 'store-sku-state-'))
  apps = []
  client = new PlatformaticClient({ brokers: server('KAFKA_BROKERS').split(',') })
})

afterEach(async () => {
  await Promise.all(apps.map((app) => app.kill()))
  await rm(stateDirectory, { recursive: true, force: true })
})

function start(guarantee = 'at_least_once', cacheMaxBytes?: number): App {
  const app = new App(prefix, stateDirectory, guarantee, cacheMaxBytes)
  apps.push(app)
  return app
}

const STORES = 10

/** Writes records `from` to `to`; record n adds n cents to store n % 10, at n ms. */
async function write(from: number, to: number): Promise<void> {
  const { lines, totals, counts } = totalsGraph(prefix)
  const admin = client.admin('writer')
  await admin.createTopics(
    [lines, totals, counts].map(({ name }) => ({
      name,
      partitions: 4,
      // the records are of 1970: a broker that deletes by age would empty the topic under the test
      configs: { 'retention.ms': '-1' }
    }))
  )
  await admin.close()
  const producer = await client.producer({ clientId: 'writer' })
  const target = await producer.topic(lines.name)
  const scratch = new GrowableBytes()
  for (let n = from; n < to; n++) {
    const end = lines.key.encode(`r${n}`, scratch, 0)
    const partition = partitionForKey(scratch.buffer, 0, end, target.partitions)
    target.append(
      partition,
      scratch.buffer,
      0,
      end,
      lines.value,
      { store: `s${n % STORES}`, cents: n },
      n,
      noHeaders
    )
  }
  await producer.flush()
  await producer.close()
}

function expectedTotals(records: number): Map<string, number> {
  const sums = new Map<string, number>()
  for (let n = 0; n < records; n++) sums.set(`s${n % STORES}`, (sums.get(`s${n % STORES}`) ?? 0) + n)
  return sums
}

function totalsIn(dump: readonly (readonly string[])[]): Map<string, number> {
  const rows = (dump[0] ?? []).map((row) => JSON.parse(row) as { key: string; value: number })
  return new Map(rows.map(({ key, value }) => [key, value]))
}

it('a graceful stop in the middle changes nothing, and the restart restores nothing', async () => {
  await write(0, 30_000)
  const first = start()
  await first.until(({ lag }) => (lag !== undefined && lag < 25_000 ? true : undefined))
  expect(await first.close()).toBe(0)
  await write(30_000, 40_000)
  const second = start()
  await second.caughtUp()
  const dump = await second.dump()
  expect(totalsIn(dump)).toEqual(expectedTotals(40_000))
  expect((dump[1] ?? []).reduce((sum, row) => sum + (JSON.parse(row) as { value: number }).value, 0)).toBe(
    40_000
  )
  expect(second.restored).toBe(0)
  expect(await second.close()).toBe(0)
}, 90_000)

it('after SIGKILL nothing is missing, no store is wiped, and the tail of the changelog is restored', async () => {
  await write(0, 60_000)
  // uncached, so that changes are in the changelog before they are committed
  const first = start('at_least_once', 0)
  await first.until(({ lag }) => (lag !== undefined && lag < 45_000 ? true : undefined))
  await first.kill()
  const second = start('at_least_once', 0)
  await second.caughtUp()
  expect(second.restored).toBeGreaterThan(0)
  const totals = totalsIn(await second.dump())
  for (const [store, cents] of expectedTotals(60_000)) expect(totals.get(store)).toBeGreaterThanOrEqual(cents)
  expect(second.log.join('\n')).not.toMatch(/rebuilding/)
  expect(await second.close()).toBe(0)
}, 90_000)

it('a deleted state directory is rebuilt from the changelog to the same contents', async () => {
  await write(0, 20_000)
  const first = start()
  await first.caughtUp()
  const before = await first.dump()
  expect(totalsIn(before)).toEqual(expectedTotals(20_000))
  expect(await first.close()).toBe(0)
  await rm(stateDirectory, { recursive: true })
  const second = start()
  await second.caughtUp()
  expect(await second.dump()).toEqual(before)
  expect(second.restored).toBeGreaterThanOrEqual((before[0]?.length ?? 0) + (before[1]?.length ?? 0))
  expect(second.log.filter((line) => line.includes('restored')).join()).toMatch(
    /changelog records into store "totals"/
  )
  expect(await second.close()).toBe(0)
}, 90_000)

it('killed again and again under exactly-once, it counts each record once', async () => {
  await write(0, 60_000)
  for (const lag of [55_000, 40_000, 25_000, 10_000]) {
    const app = start('exactly_once_v2')
    await app.until((message) => (message.lag !== undefined && message.lag < lag ? true : undefined))
    await app.kill()
  }
  const last = start('exactly_once_v2')
  await last.caughtUp()
  const dump = await last.dump()
  expect(totalsIn(dump)).toEqual(expectedTotals(60_000))
  expect((dump[1] ?? []).reduce((sum, row) => sum + (JSON.parse(row) as { value: number }).value, 0)).toBe(
    60_000
  )
  expect(last.log.join('\n')).not.toMatch(/rebuilding/)
  expect(await last.close()).toBe(0)
}, 120_000)

it('one task is rebuilt from its changelogs while records keep coming', async () => {
  await write(0, 20_000)
  const app = start('exactly_once_v2')
  await app.caughtUp()
  const writing = write(20_000, 40_000)
  for (const task of ['1_0', '1_3']) expect(await app.rebuild(task)).toBe(true)
  await writing
  await app.caughtUp()
  expect(totalsIn(await app.dump())).toEqual(expectedTotals(40_000))
  expect(app.log.join('\n')).toMatch(/task 1_0: rebuilding its stores/)
  expect(await app.close()).toBe(0)
}, 90_000)

it('everything is made again from the sources, with the same outcome', async () => {
  await write(0, 20_000)
  const first = start('exactly_once_v2')
  await first.caughtUp()
  const before = await first.dump()
  const reset = () =>
    resetApplication({
      topology: totalsGraph(prefix).topology(),
      applicationId: prefix,
      kafka: client,
      stateDirectory,
      logger: silentLogger
    })
  await expect(reset()).rejects.toMatchObject({ code: 'GROUP_NOT_EMPTY' })
  expect(await first.close()).toBe(0)
  await reset()
  const second = start('exactly_once_v2')
  await second.caughtUp()
  expect(await second.dump()).toEqual(before)
  expect(second.restored).toBe(0)
  expect(await second.close()).toBe(0)
}, 90_000)

it('waits for a store that another process has open, and rebuilds one whose changelog was made anew', async () => {
  await write(0, 5000)
  const first = start()
  await first.caughtUp()
  expect(await first.close()).toBe(0)
  const admin = client.admin('meddler')
  await admin.deleteTopics([`${prefix}-totals-changelog`])
  await admin.close()
  const engine = await openEngine('auto', storeDirectory(stateDirectory, prefix, '1_0', 'counts'))
  const second = start()
  await second.until(({ log }) => (log?.includes('making the tasks anew') === true ? true : undefined))
  await engine.close()
  await second.caughtUp()
  const log = second.log.join('\n')
  expect(log).toMatch(/store "totals" does not fit changelog .*made anew.*rebuilding/)
  expect(log).not.toMatch(/store "counts" does not fit/)
  expect(await second.close()).toBe(0)
}, 90_000)

it('says which topic is missing partitions, and ends', async () => {
  await write(0, 10)
  const admin = client.admin('odd')
  await admin.createTopics([{ name: `${prefix}-totals-changelog`, partitions: 3, configs: {} }])
  await admin.close()
  const streams = new KafkaStreams(totalsGraph(prefix).topology(), {
    applicationId: prefix,
    kafka: client,
    stateDirectory
  })
  await expect(streams.start()).rejects.toMatchObject({
    code: 'TOPIC_MISMATCH',
    message: expect.stringContaining(`${prefix}-totals-changelog`)
  })
  await streams.close()
})

it('a dead letter is in the transaction: one that was aborted and repeated is read once, with its headers', async () => {
  expectDeadLetter(await deadLetterAfterAbort(client, prefix), prefix)
}, 90_000)
