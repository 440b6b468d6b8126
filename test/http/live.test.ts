import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { choosePort } from '../../deploy/local/ports.ts'
import type { LiveProcess, LiveSnapshot } from '../../http/live/live-types.ts'
import { ApplicationServer, type KafkaStreams, SinkMetrics } from '../../index.ts'
import { MemoryApp } from '../runtime/memory-app.ts'
import { keyed, rekeyed, wordTopics } from '../runtime/word-counts.ts'

const token = 'a token of more than 16'
const { words } = wordTopics('')
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

async function replica(
  name: string
): Promise<{ streams: KafkaStreams; server: ApplicationServer; port: number }> {
  const port = await choosePort()
  const streams = await app.start(rekeyed(), {
    stateDirectory: `${app.stateDirectory}/${name}`,
    engine: 'memory',
    commitIntervalMs: 10,
    sessionTimeoutMs: 2_000,
    applicationServer: `127.0.0.1:${port}`,
    deserializationExceptionHandler: 'dead-letter'
  })
  const server = new ApplicationServer({ applications: [streams], token })
  closing.unshift(() => server.close())
  await server.listen(port)
  return { streams, server, port }
}

async function data(port: number, headers: Record<string, string> = {}): Promise<LiveSnapshot> {
  const response = await fetch(`http://127.0.0.1:${port}/live/data`, {
    headers: { authorization: `Bearer ${token}`, ...headers }
  })
  expect(response.status).toBe(200)
  return (await response.json()) as LiveSnapshot
}

/** With a header that `fetch` does not let callers choose, or an answer as it comes. */
function raw(
  port: number,
  path: string,
  headers: Record<string, string>
): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }))
    })
      .on('error', reject)
      .end()
  })
}

it('gives the page to everybody and what it shows to who knows the token', async () => {
  const server = new ApplicationServer({ applications: [], token })
  closing.unshift(() => server.close())
  const origin = `http://127.0.0.1:${await server.listen(0)}`
  const page = await fetch(`${origin}/live`)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';")
  expect(policy).not.toMatch(/unsafe|data:|\*|http/)
  const text = await page.text()
  // nothing that the policy would refuse, and nothing from elsewhere
  expect(text).not.toMatch(/<script(?! type="module" src=")|<style|\son\w+=|\sstyle=|https?:/)
  const linked = [...text.matchAll(/(?:href|src)="(live\/[^"]+)"/g)].map(([, path]) => path)
  expect(new Set(linked)).toEqual(new Set(['live/icon.svg', 'live/style.css', 'live/app.js']))
  for (const name of await readdir('http/page')) {
    const path = name === 'index.html' ? '/live' : `/live/${name}`
    const response = await fetch(origin + path)
    expect(response.status, path).toBe(200)
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await response.text()).not.toBe('')
  }
  const start = await fetch(`${origin}/`, { redirect: 'manual' })
  expect([start.status, start.headers.get('location')]).toEqual([302, 'live'])
  expect((await fetch(`${origin}/live/data`)).status).toBe(401)
  expect((await fetch(`${origin}/live/../access.ts`)).status).not.toBe(200)
  expect((await fetch(`${origin}/live/%2e%2e%2faccess.ts`)).status).not.toBe(200)
})

it('without a token answers those alone who come by an address or localhost', async () => {
  const server = new ApplicationServer({ applications: [] })
  closing.unshift(() => server.close())
  const port = await server.listen(0)
  const status = async (path: string, host: string) => (await raw(port, path, { host })).status
  for (const host of [`127.0.0.1:${port}`, 'localhost', `localhost:${port}`, `[::1]:${port}`])
    for (const path of ['/live/data', '/tasks', '/stores']) expect(await status(path, host), host).toBe(200)
  for (const path of ['/live', '/live/data', '/tasks', '/stores', '/topology'])
    for (const host of [
      'rebound.example',
      `rebound.example:${port}`,
      'localhost.example',
      '127.0.0.1.example'
    ])
      expect(await status(path, host), `${host}${path}`).toBe(403)
  for (const path of ['/metrics', '/healthz', '/readyz'])
    expect(await status(path, 'watched.example')).toBe(200)
})

it('shows all replicas, from whichever the page is; one that does not answer is silent', async () => {
  await app.write(
    words,
    Array.from({ length: 200 }, (_, n) => ({ key: `k${n % 40}`, value: `w${n % 40}`, timestamp: n }))
  )
  const [first, second] = [await replica('1'), await replica('2')]
  const active = ({ streams }: { streams: KafkaStreams }) =>
    streams.tasks().filter(({ role, running }) => role === 'active' && running).length
  await app.until(first.streams, () => active(first) === 8 && active(second) === 8)
  await app.caughtUp(first.streams)
  await app.until(second.streams, () => second.streams.metadataForAllClients().length === 2)
  for (const [here, there] of [
    [first, second],
    [second, first]
  ] as const) {
    const { processes, silent } = await data(here.port)
    expect(silent).toEqual([])
    expect(processes.map(({ endpoint }) => endpoint)).toEqual([
      `127.0.0.1:${here.port}`,
      `127.0.0.1:${there.port}`
    ])
    const all = processes.map(({ applications }) => applications[0]!)
    expect(all.map(({ state }) => state)).toEqual(['RUNNING', 'RUNNING'])
    const tasks = all.flatMap((one) => one.tasks).filter(({ role }) => role === 'active')
    expect(new Set(tasks.map(({ task }) => task)).size).toBe(16)
    const names = first.streams.topology
      .describe()
      .subTopologies.flatMap(({ id, nodes }) => nodes.map(({ name }) => `${id}/${name}`))
    const steps = all.flatMap((one) => one.steps)
    for (const { subTopology, node } of steps) expect(names).toContain(`${subTopology}/${node}`)
    // counted where they were processed, wherever their tasks are now
    const into = steps.filter(({ node }) => node === 'by-word-repartition-sink')
    expect(into.reduce((sum, { records }) => sum + records, 0)).toBe(200)
    expect(processes[0]?.graph).toBe(processes[1]?.graph)
  }
  // one that another asks answers for itself alone
  const own = (await data(first.port, { 'x-store-sku-hop': '1' })) as unknown as LiveProcess
  expect(own.applications).toHaveLength(1)
  await second.server.close()
  await app.until(first.streams, async () => (await data(first.port)).silent.length > 0)
  expect(await data(first.port)).toMatchObject({
    silent: [`127.0.0.1:${second.port}`],
    processes: [{ endpoint: `127.0.0.1:${first.port}` }]
  })
  const small = await raw(first.port, '/live/data', {
    authorization: `Bearer ${token}`,
    'accept-encoding': 'gzip'
  })
  expect(JSON.parse(gunzipSync(small.body).toString())).toMatchObject({ processes: [{}] })
}, 30_000)

it('tells of sinks, and of another graph', async () => {
  const { streams, port } = await replica('1')
  await app.caughtUp(streams)
  const before = await data(port)
  expect(before.processes[0]?.applications[0]).toMatchObject({
    deadLetters: {},
    deadLetterTopic: expect.any(String)
  })
  const registry = new Registry()
  new SinkMetrics(registry).watch('pg', {
    progress: () => ({
      written: 7,
      rejected: 2,
      retries: 0,
      writingMs: 0,
      partitions: new Map()
    })
  })
  const other = await app.start(keyed(), {
    applicationId: 'other',
    stateDirectory: `${app.stateDirectory}/o`
  })
  const server = new ApplicationServer({ applications: [other], registries: [registry], token })
  closing.unshift(() => server.close())
  const [shown] = (await data(await server.listen(0))).processes
  expect(shown?.endpoint).toBeNull()
  expect(shown?.sinks).toEqual([{ sink: 'pg', written: 7, deadLetters: 2, lag: 0, up: true }])
  expect(shown?.graph).not.toBe(before.processes[0]?.graph)
})
