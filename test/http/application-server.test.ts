import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { choosePort } from '../../deploy/local/ports.ts'
import {
  ApplicationServer,
  type ApplicationServerOptions,
  int64,
  type KafkaStreams,
  keyValueStore,
  StreamsBuilder,
  type StreamsConfig,
  string,
  TimeWindows,
  topic
} from '../../index.ts'
import { MemoryClient } from '../../kafka/memory/memory-client.ts'
import type { ConsumerOptions } from '../../kafka/port/consumer.ts'
import type { GroupOptions } from '../../kafka/port/group.ts'
import { MemoryApp } from '../runtime/memory-app.ts'

const token = 'a token of more than 16'
const words = topic('words', { key: string(), value: string(), partitions: 4 })
let app: MemoryApp
let closing: (() => Promise<unknown>)[]

beforeEach(async () => {
  app = await MemoryApp.create()
  closing = []
})

afterEach(async () => {
  for (const close of closing) await close()
  await app.dispose()
})

function graph() {
  const builder = new StreamsBuilder()
  const grouped = builder.stream(words).groupByKey()
  grouped.count({ name: 'counts' })
  grouped.windowedBy(TimeWindows.ofSizeAndGrace(1_000, 60_000)).count({ name: 'by-second' })
  return builder.build()
}

/** What answers hold, one or the other. */
interface Answer {
  readonly ready: boolean
  readonly task: string
  readonly entries: readonly { readonly key: string; readonly value: number; readonly start: number }[]
  readonly next: string | null
  readonly app: { readonly subTopologies: readonly unknown[] }
}

interface Replica {
  readonly streams: KafkaStreams
  readonly server: ApplicationServer
  readonly get: <T = Answer>(
    path: string,
    authorization?: string
  ) => Promise<{ readonly status: number; readonly text: string; readonly json: T }>
}

/** Restores get nothing while they are held. */
class HeldRestores extends MemoryClient {
  held = true

  override consumer(options: ConsumerOptions) {
    const consumer = super.consumer(options)
    if (!options.clientId.endsWith('-restore')) return consumer
    const take = consumer.take.bind(consumer)
    const arrival = consumer.arrival.bind(consumer)
    consumer.take = () => (this.held ? [] : take())
    consumer.arrival = (timeoutMs) => (this.held ? setTimeout(5) : arrival(timeoutMs))
    return consumer
  }
}

/** A process of its own, as far as the group and its callers can tell. */
async function replica(
  config: Partial<StreamsConfig> = {},
  options: Partial<ApplicationServerOptions> = {},
  topology = graph()
): Promise<Replica> {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'store-sku-http-'))
  const port = await choosePort()
  const streams = await app.start(topology, {
    stateDirectory,
    engine: 'memory',
    commitIntervalMs: 10,
    sessionTimeoutMs: 300,
    applicationServer: `127.0.0.1:${port}`,
    ...config
  })
  const server = new ApplicationServer({ applications: [streams], token, ...options })
  await server.listen(port)
  closing.unshift(
    () => server.close(),
    () => rm(stateDirectory, { recursive: true, force: true })
  )
  const get = async <T = Answer>(path: string, authorization = `Bearer ${token}`) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization } })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return { status: response.status, text, json: (isJson ? JSON.parse(text) : undefined) as T }
  }
  return { streams, server, get }
}

async function write(keys: number, times: number, from = 0): Promise<void> {
  const rows = Array.from({ length: keys * times }, (_, n) => ({
    key: `k${n % keys}`,
    value: 'w',
    timestamp: from + Math.floor(n / keys) * 1_000
  }))
  await app.write(words, rows)
}

describe('the server of an application', () => {
  it('lets in who knows the token, and probes', async () => {
    const { streams, get } = await replica()
    await app.caughtUp(streams)
    for (const wrong of ['', 'Bearer', `Bearer ${token}x`, token])
      for (const path of ['/metrics', '/tasks', '/stores', '/stores/counts/keys/k1', '/nothing'])
        expect((await get(path, wrong)).status, `${path} ${wrong}`).toBe(401)
    expect((await get('/healthz', '')).json).toEqual({ healthy: true, applications: { app: 'RUNNING' } })
    expect((await get('/readyz', '')).status).toBe(200)
    expect((await get('/nothing')).status).toBe(404)
    await streams.close()
    expect((await get('/healthz', '')).status).toBe(503)
    expect((await get('/readyz', '')).status).toBe(503)
  })

  it('does not listen for everybody without a token or TLS', async () => {
    const server = new ApplicationServer({ applications: [] })
    await expect(server.listen(0, '0.0.0.0')).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(() => new ApplicationServer({ applications: [], token: 'short' })).toThrow('16 characters')
    await server.close()
  })

  it('is not ready before its tasks are restored', async () => {
    await write(100, 5)
    const first = await replica()
    await app.caughtUp(first.streams)
    await first.streams.close({ leaveGroup: true })
    const kafka = new HeldRestores(app.broker)
    const second = await replica({ kafka })
    const probe = () => second.get<{ ready: boolean; restoring: string[] }>('/readyz')
    await app.until(second.streams, async () => (await probe()).json.restoring.length === 4)
    const { status, json } = await probe()
    expect(status).toBe(503)
    expect(json.ready).toBe(false)
    expect(json.restoring.sort()).toEqual(['app/0_0', 'app/0_1', 'app/0_2', 'app/0_3'])
    kafka.held = false
    await app.caughtUp(second.streams)
    expect((await probe()).status).toBe(200)
    expect((await second.get('/readyz')).json).toEqual({
      ready: true,
      applications: { app: 'RUNNING' },
      restoring: []
    })
  })

  it('shows metrics, the graph and the tasks', async () => {
    await write(10, 3)
    const { streams, get } = await replica()
    await app.caughtUp(streams)
    const { text } = await get('/metrics')
    expect(text).toMatch(/^streams_records_processed_total\{task="0_0",application="app"\} \d+$/m)
    expect(text).toMatch(/^process_cpu_seconds_total \d/m)
    expect(text).toMatch(/^process_start_time_seconds \d/m)
    expect((await get('/topology')).text).toBe(String(streams.topology.describe()))
    expect((await get('/topology?format=mermaid')).text).toContain('flowchart')
    expect((await get('/topology?format=json')).json.app.subTopologies).toHaveLength(1)
    expect((await get('/topology?format=svg')).status).toBe(400)
    const tasks = (await get<{ task: string }[]>('/tasks')).json
    expect(tasks.map(({ task }) => task).sort()).toEqual(['0_0', '0_1', '0_2', '0_3'])
    expect(tasks[0]).toMatchObject({ application: 'app', role: 'active', running: true })
    expect(
      (await get<{ store: string; kind: string }[]>('/stores')).json.map(
        ({ store, kind }) => `${kind} ${store}`
      )
    ).toEqual(['key-value counts', 'window by-second'])
  })
})

describe('queries', () => {
  it('of a key, of its windows, and of ranges in pages', async () => {
    await write(25, 3)
    const { streams, get } = await replica()
    await app.caughtUp(streams)
    const { status, json } = await get('/stores/counts/keys/k3')
    expect(status).toBe(200)
    expect(json).toMatchObject({
      role: 'active',
      view: 'committed',
      lag: 0,
      more: false,
      entries: [{ key: 'k3', value: 3, timestamp: 2_000 }]
    })
    expect((await get('/stores/counts/keys/none')).json.entries).toEqual([])
    expect((await get('/stores/nothing/keys/k3')).status).toBe(404)
    const windows = (await get('/stores/by-second/keys/k3?from=1000&to=1970-01-01T00:00:02Z')).json
    expect(windows.entries.map(({ start, value }) => [start, value])).toEqual([
      [1_000, 1],
      [2_000, 1]
    ])
    expect((await get('/stores/by-second/range')).status).toBe(404)
    for (const reverse of ['', '&reverse=true']) {
      const found: string[] = []
      let pages = 0
      for (let page = ''; ; pages++) {
        const { json: one } = await get(`/stores/counts/range?from=k1&limit=3${reverse}${page}`)
        expect(one.entries.length).toBeLessThanOrEqual(3)
        found.push(...one.entries.map(({ key }) => key))
        if (one.next === null) break
        page = `&page=${one.next}`
      }
      expect(pages).toBeGreaterThan(7)
      expect(found.sort()).toEqual(
        Array.from({ length: 25 }, (_, n) => `k${n}`)
          .filter((key) => key >= 'k1')
          .sort()
      )
    }
    for (const bad of ['limit=0', 'limit=5000', 'page=x', 'view=all'])
      expect((await get(`/stores/counts/range?${bad}`)).status, bad).toBe(400)
  })

  it('of a processor’s own store go by the key of its records, or by their partition where that key has another serde', async () => {
    const numbers = topic('numbers', { key: int64(), value: string(), partitions: 4 })
    const own = keyValueStore({ name: 'own', key: string(), value: string() })
    const builder = new StreamsBuilder()
    builder.stream(numbers).process(
      () => ({
        process: ({ key, value }, context) => {
          context.store(own).put(`n${key}`, value ?? '', 0)
        }
      }),
      { stores: [own] }
    )
    const keys = [1n, 2n, 3n, 42n, 43n, 44n]
    await app.write(
      numbers,
      keys.map((key) => ({ key, value: `v${key}`, timestamp: 0 }))
    )
    const { streams, get } = await replica({}, {}, builder.build())
    await app.caughtUp(streams)
    for (const key of keys) {
      const path = `/stores/own/keys/n${key}`
      const { partition } = streams.queryMetadataForKey('own', key, int64())
      const { status, json } = await get(`${path}?partition=${partition}`)
      expect(status).toBe(200)
      expect(json).toMatchObject({ task: `0_${partition}`, entries: [{ key: `n${key}`, value: `v${key}` }] })
    }
    for (const bad of ['4', '-1', '1.5', '', 'x', '1e0', '0&partition=0', '0&recordKey=1'])
      expect((await get(`/stores/own/keys/n1?partition=${bad}`)).status, bad).toBe(400)
  })

  it('see committed state alone under exactly-once, and what is merged on request or at-least-once', async () => {
    const { streams, get } = await replica({ commitIntervalMs: 600_000 })
    await app.until(streams, () => streams.state === 'RUNNING')
    await write(1, 3)
    await app.until(
      streams,
      async () => (await get('/stores/counts/keys/k0?view=merged')).json.entries[0]?.value === 3
    )
    const committed = await get('/stores/counts/keys/k0')
    expect(committed.json).toMatchObject({ view: 'committed', entries: [] })
    expect((await get('/stores/by-second/keys/k0')).json.entries).toEqual([])
    expect((await get('/stores/by-second/keys/k0?view=merged')).json.entries).toHaveLength(3)
    await streams.close({ leaveGroup: true })

    const loose = await replica({ processingGuarantee: 'at_least_once', commitIntervalMs: 600_000 })
    await app.until(loose.streams, () => loose.streams.state === 'RUNNING')
    await write(1, 2, 10_000)
    const answer = () => loose.get('/stores/counts/keys/k0')
    await app.until(loose.streams, async () => (await answer()).json.entries[0]?.value === 5)
    expect((await answer()).json).toMatchObject({ view: 'merged' })
  })

  it('reach keys held elsewhere through their owner; of one that is gone, copies answer with their lag, if they may', async () => {
    await write(40, 5)
    const first = await replica({ numStandbyReplicas: 1 })
    const second = await replica({ numStandbyReplicas: 1 })
    const active = ({ streams }: Replica) =>
      streams.tasks().filter(({ role, running }) => role === 'active' && running)
    const copies = ({ streams }: Replica) =>
      streams.tasks().filter(({ role, lag }) => role === 'standby' && lag === 0)
    await app.until(second.streams, () =>
      [first, second].every((one) => active(one).length === 2 && copies(one).length === 2)
    )
    await app.caughtUp(first.streams)
    await app.until(second.streams, () => [first, second].every((one) => copies(one).length === 2))
    let elsewhere = ''
    for (const one of [first, second])
      for (let n = 0; n < 40; n++) {
        const { status, json } = await one.get(`/stores/counts/keys/k${n}`)
        expect(status).toBe(200)
        expect(json).toMatchObject({ role: 'active', lag: 0, entries: [{ key: `k${n}`, value: 5 }] })
        if (one === first && !active(one).some(({ id }) => id === json.task)) elsewhere = `k${n}`
      }
    expect(elsewhere).not.toBe('')
    const found: string[] = []
    for (let page = ''; ; ) {
      const { json: one } = await first.get(`/stores/counts/range?${page}`)
      found.push(...one.entries.map(({ key }) => key))
      if (one.next === null) break
      page = `&page=${one.next}`
    }
    expect(new Set(found).size).toBe(40)
    expect(found).toHaveLength(40)

    // its process answers no more, but the group does not know it yet
    await second.server.close()
    const silent = await first.get(`/stores/counts/keys/${elsewhere}`)
    expect(silent.status).toBe(503)
    expect(silent.json).toMatchObject({
      retryAfterMs: 300,
      error: expect.stringContaining('does not answer')
    })
    const stale = await first.get(`/stores/counts/keys/${elsewhere}?stale=true`)
    expect(stale.status).toBe(200)
    expect(stale.json).toMatchObject({ role: 'standby', view: 'committed', lag: 0, entries: [{ value: 5 }] })
  }, 30_000)

  it('are not answered by one that has lost its place in the group, and it is not ready', async () => {
    await write(5, 2)
    let inPlace = true
    const kafka = new Proxy(app.client, {
      get(client, name) {
        if (name === 'group')
          return (groupOptions: GroupOptions) => {
            const member = client.group(groupOptions)
            member.inPlace = () => inPlace
            return member
          }
        const value = Reflect.get(client, name)
        return typeof value === 'function' ? value.bind(client) : value
      }
    })
    const { streams, get } = await replica({ kafka })
    await app.caughtUp(streams)
    expect((await get('/stores/counts/keys/k1')).status).toBe(200)
    inPlace = false
    for (const query of ['', '?stale=true']) {
      const { status, json } = await get<{ error: string }>(`/stores/counts/keys/k1${query}`)
      expect(status).toBe(503)
      expect(json.error).toContain('lost its place in the group')
    }
    expect(streams.state).toBe('REBALANCING')
    expect((await get('/readyz')).status).toBe(503)
    expect((await get('/healthz')).status).toBe(200)
    inPlace = true
    expect((await get('/stores/counts/keys/k1')).json).toMatchObject({ entries: [{ value: 2 }] })
    expect((await get('/readyz')).status).toBe(200)
  })

  it('over three replicas, of which one goes without a word: no answer is wrong, and what nobody has says until when', async () => {
    const keys = 40
    await write(keys, 5)
    const config = { numStandbyReplicas: 1, sessionTimeoutMs: 2_000 }
    const replicas = [await replica(config), await replica(config), await replica(config)]
    const [first, second, third] = replicas as [Replica, Replica, Replica]
    const holds = (role: string) => (one: Replica) =>
      one.streams.tasks().filter((task) => task.role === role && (task.running || task.lag === 0)).length
    const sum = (of: (one: Replica) => number) => replicas.reduce((all, one) => all + of(one), 0)
    await app.until(first.streams, () => sum(holds('active')) === 4 && sum(holds('standby')) === 4)
    await app.caughtUp(first.streams)
    await app.until(third.streams, () => holds('active')(third) > 0 && sum(holds('standby')) === 4)

    const latencies: number[] = []
    let unavailable = 0
    let stale = 0
    const askAll = async () => {
      for (const one of [first, second])
        for (let n = 0; n < keys; n++) {
          const path = `/stores/counts/keys/k${n}`
          const begun = performance.now()
          const { status, json } = await one.get<Answer & { retryAfterMs?: number }>(path)
          latencies.push(performance.now() - begun)
          if (status === 200) {
            expect(json).toMatchObject({ role: 'active', lag: 0, entries: [{ key: `k${n}`, value: 5 }] })
            continue
          }
          unavailable++
          expect(status).toBe(503)
          expect(json.retryAfterMs).toBeLessThanOrEqual(config.sessionTimeoutMs)
          const copy = await one.get<Answer & { lag: number | null }>(`${path}?stale=true`)
          if (copy.status !== 200) continue
          stale++
          expect(copy.json.entries).toMatchObject([{ key: `k${n}`, value: 5 }])
          if (copy.json.lag !== null) expect(copy.json.lag).toBe(0)
        }
    }
    await askAll()
    expect(unavailable).toBe(0)
    // its server first, then the rest of it; the group learns of it when its session ends
    await third.server.close()
    const gone = third.streams.close()
    const complete = () => holds('active')(first) + holds('active')(second) === 4
    while (!complete()) await askAll()
    await gone
    expect(unavailable).toBeGreaterThan(0)
    expect(stale).toBeGreaterThan(0)
    // who has taken a task over is known everywhere with the next heartbeat; from then on every question is answered
    for (let before = -1; unavailable !== before; await askAll()) before = unavailable
    const sorted = latencies.toSorted((a, b) => a - b)
    const at = (part: number) => (sorted[Math.floor(sorted.length * part)] as number).toFixed(1)
    const seconds = latencies.reduce((all, ms) => all + ms, 0) / 1000
    console.log(
      `${latencies.length} queries, one after the other: ${Math.round(latencies.length / seconds)} a second, ` +
        `median ${at(0.5)} ms, 99th percentile ${at(0.99)} ms; ${unavailable} unavailable, ${stale} of them answered by copies`
    )
  }, 60_000)
})
