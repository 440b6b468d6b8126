import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { bytes, headerText, type KafkaStreams, topic } from '../../index.ts'
import { orders, ordersApp, ordersTopology, shops, shopTotals } from './orders-graph.ts'
import { type CommandResult, runCommand } from './run-command.ts'

/*
 * One application, worked on with the commands as its operator would: the tests build on each other.
 */

// engines are opened and closed many times
vi.setConfig({ testTimeout: 120_000 })

const graph = ['--graph', 'test/bin/orders-graph.ts#ordersTopology', '--application', 'orders-app']
const kafka = ['--kafka', 'test/bin/orders-graph.ts#orderBrokers']
const state = ['--state', ordersApp.stateDirectory]
const deadLetters = 'orders-app-dead-letters'
const rawOrders = topic('orders', { key: bytes(), value: bytes(), partitions: 2 })
const rawShops = topic('shops', { key: bytes(), value: bytes(), partitions: 2, cleanupPolicy: 'compact' })
const key = (text: string) => Buffer.from(text)
const now = Date.parse('2026-03-01T12:00:00Z')

async function run(work: (streams: KafkaStreams) => Promise<void>): Promise<void> {
  const streams = await ordersApp.start(ordersTopology(), { deserializationExceptionHandler: 'dead-letter' })
  await ordersApp.caughtUp(streams)
  await work(streams)
  await ordersApp.caughtUp(streams)
  await streams.close({ leaveGroup: true })
}

function lines({ stdout }: CommandResult): unknown[] {
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** The latest value of each key. */
function totals(): Map<string | null, number | null> {
  return new Map(ordersApp.read(shopTotals).map(({ decoded }) => [decoded.key, decoded.value]))
}

beforeAll(async () => {
  await ordersApp.write(shops, [
    { key: 'A', value: { name: 'At the bridge' }, timestamp: now },
    { key: 'B', value: { name: 'Bellevue' }, timestamp: now }
  ])
  await ordersApp.write(orders, [
    { key: '1', value: { shop: 'A', amount: 10 }, timestamp: now },
    { key: '2', value: { shop: 'A', amount: 5 }, timestamp: now + 60_000 },
    { key: '3', value: { shop: 'B', amount: 7 }, timestamp: now }
  ])
  await ordersApp.write(rawOrders, [
    { key: key('4'), value: Buffer.from('{"shop":"A","amount":"100"}'), timestamp: now },
    { key: key('5'), value: Buffer.from('not JSON'), timestamp: now }
  ])
  await ordersApp.write(rawShops, [{ key: key('A'), value: Buffer.from('{"title":"?"}'), timestamp: now }])
  await ordersApp.write(shops, [{ key: 'A', value: { name: 'At the new bridge' }, timestamp: now + 1 }])
  await run(async () => undefined)
})
afterAll(() => ordersApp.dispose())

it('lag: by group and topic, with an exit code for a bound', async () => {
  const done = await runCommand('lag', ...graph, ...kafka, '--json')
  expect(JSON.parse(done.stdout)).toMatchObject({ records: 0 })
  await ordersApp.write(orders, [{ key: '6', value: { shop: 'B', amount: 1 }, timestamp: now }])
  const behind = await runCommand('lag', ...graph, ...kafka, '--max', '0')
  expect(behind).toMatchObject({ code: 1, stdout: expect.stringContaining('1 records to go') })
  expect((await runCommand('lag', ...graph, ...kafka, '--max', '1')).code).toBe(0)
  expect((await runCommand('lag', ...graph, ...kafka, '--wait', '0')).code).toBe(1)
  expect((await runCommand('lag', ...graph, ...kafka, '--max', 'x')).code).toBe(2)
  await run(async () => undefined)
})

it('state: stats, get and scan of what a stopped replica has, which stays as it is', async () => {
  const stats = await runCommand('state', 'stats', '--count', '--json', ...graph, ...state)
  const parts = JSON.parse(stats.stdout) as { store: string; entries: number; checkpoint: number }[]
  const entriesOf = (store: string) =>
    parts.filter((part) => part.store === store).reduce((sum, { entries }) => sum + entries, 0)
  expect(entriesOf('shop-total')).toBe(2)
  expect(entriesOf('shop-minutes')).toBe(3)
  expect(parts.every(({ checkpoint }) => checkpoint !== null)).toBe(true)

  const total = await runCommand('state', 'get', 'shop-total', 'A', ...graph, ...state)
  expect(lines(total)).toMatchObject([{ key: 'A', value: 15 }])
  const minutes = await runCommand('state', 'get', 'shop-minutes', 'A', ...graph, ...state)
  expect(lines(minutes)).toMatchObject([
    { key: 'A', start: now, value: 1 },
    { key: 'A', start: now + 60_000, value: 1 }
  ])
  expect((await runCommand('state', 'get', 'shop-total', 'Z', ...graph, ...state)).code).toBe(1)
  const scan = await runCommand('state', 'scan', 'shop-names', '--from', 'B', ...graph, ...state)
  expect(lines(scan)).toMatchObject([{ key: 'B', value: { name: 'Bellevue' } }])
  const limited = await runCommand('state', 'scan', 'shop-minutes', '--limit', '2', ...graph, ...state)
  expect(lines(limited)).toHaveLength(2)
  expect((await runCommand('state', 'get', 'nonsense', 'A', ...graph, ...state)).stderr).toContain(
    'it has shop-minutes, shop-names, shop-total'
  )
  expect((await runCommand('state', 'stats', '--count', '--json', ...graph, ...state)).stdout).toBe(
    stats.stdout
  )
})

it('replay-dlq: lists, replays each source record once, whatever is run again, and never over a later value', async () => {
  const replay = (...args: string[]) =>
    runCommand('replay-dlq', '--topic', deadLetters, '--json', ...kafka, ...args)
  const listed = await replay()
  expect(JSON.parse(listed.stdout)).toMatchObject({
    done: false,
    counts: { replay: 2, superseded: 1, replayed: 0, impossible: 0 }
  })
  expect((await replay('--source', 'orders', '--reason', 'not JSON')).stdout).toContain('"replay": 1')

  // the graph has learned nothing in between: what is replayed comes back as a new dead letter
  const first = await replay('--reason', 'amount', '--yes')
  expect(JSON.parse(first.stdout)).toMatchObject({ done: true, written: 1 })
  const again = await replay('--reason', 'amount', '--yes')
  expect(JSON.parse(again.stdout)).toMatchObject({ written: 0, counts: { replay: 0, replayed: 1 } })
  const copies = ordersApp.read(rawOrders).filter((record) => record.value?.includes('"100"'))
  expect(copies).toHaveLength(2)
  const [original, copy] = copies
  expect(copy).toMatchObject({ partition: original?.partition, timestamp: original?.timestamp })
  expect(headerText(copy?.headers ?? [], 'store-sku.replayed.from')).toMatch(
    /^orders-app-dead-letters-\d-\d$/
  )
  expect(copy?.headers).toHaveLength(1)

  await run(async () => undefined)
  expect(JSON.parse((await replay('--reason', 'amount')).stdout)).toMatchObject({
    counts: { replay: 1, replayed: 1 }
  })
  expect((await runCommand('replay-dlq', '--topic', deadLetters, ...kafka)).stdout).toContain('superseded')
  expect((await replay('--topic', 'no-such-topic')).code).toBe(3)
})

it('rebuild: deletes the stores asked for, refuses while the replica runs, and nothing is lost', async () => {
  const before = await runCommand('state', 'scan', 'shop-total', ...graph, ...state)
  const [task] = (lines(before) as { task: string }[]).map((entry) => entry.task)
  const dry = await runCommand('rebuild', 'shop-total', '--json', ...graph, ...state)
  expect(JSON.parse(dry.stdout)).toMatchObject({ done: false })
  await access(join(ordersApp.stateDirectory, 'orders-app', String(task), 'shop-total'))

  await run(async () => {
    const refused = await runCommand('rebuild', 'shop-total', '--yes', ...graph, ...state)
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('shop-total') })
  })
  const restored = ordersApp.restores.length
  expect((await runCommand('rebuild', 'shop-total', '--yes', ...graph, ...state)).code).toBe(0)
  expect((await runCommand('state', 'get', 'shop-total', 'A', ...graph, ...state)).stderr).toContain(
    'nothing'
  )
  await run(async () => undefined)
  const stores = ordersApp.restores.slice(restored).filter(({ restored: records }) => records > 0)
  expect(new Set(stores.map(({ store }) => store))).toEqual(new Set(['shop-total']))
  expect((await runCommand('state', 'scan', 'shop-total', ...graph, ...state)).stdout).toBe(before.stdout)
})

it('reset: shows what it would do, refuses while the application runs, and starts it over', async () => {
  const reset = (...args: string[]) => runCommand('reset', '--json', ...graph, ...state, ...kafka, ...args)
  const dry = await reset()
  const plan = JSON.parse(dry.stdout) as { topics: string[]; folders: string[] }
  expect(plan.topics).toContain('orders-app-shop-total-changelog')
  expect(plan.topics).toContain('orders-app-by-shop-repartition')
  expect(plan.folders.length).toBeGreaterThan(0)
  await run(async () => expect((await reset('--yes')).code).toBe(4))
  const written = ordersApp.read(shopTotals).length
  expect((await reset('--yes')).code).toBe(0)
  expect(JSON.parse((await reset()).stdout)).toMatchObject({ topics: [], folders: [] })
  await run(async () => undefined)
  expect(ordersApp.read(shopTotals).length).toBeGreaterThan(written)
  expect(totals()).toEqual(
    new Map([
      ['A', 15],
      ['B', 8]
    ])
  )
  // the graph has dead letters of the same records again: they were replayed already
  const letters = await runCommand(
    'replay-dlq',
    '--topic',
    deadLetters,
    '--reason',
    'amount',
    '--json',
    ...kafka
  )
  expect(JSON.parse(letters.stdout)).toMatchObject({ counts: { replay: 1, replayed: 3 } })
})
