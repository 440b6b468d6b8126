import { afterEach, expect, it } from 'vitest'
import {
  integer,
  StreamsBuilder,
  string,
  TimeWindows,
  type Topology,
  timeWindowed,
  topic
} from '../../index.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { TopologyTestDriver } from '../../testing.ts'
import { MemoryApp } from './memory-app.ts'

const hourMs = 3_600_000
const now = Date.parse('2024-05-01T10:00:00Z')
const sales = topic('sales', { key: string(), value: integer() })
const prices = topic('prices', { key: string(), value: integer() })
const counts = topic('counts', { key: timeWindowed(string(), hourMs), value: integer() })
const priced = topic('priced', { key: string(), value: integer() })

/** Sales by hour, and at the price of their time. */
function graph(hours: number, logged = true): Topology {
  const builder = new StreamsBuilder()
  const stream = builder.stream(sales)
  stream
    .groupByKey()
    .windowedBy(TimeWindows.ofSizeAndGrace(hourMs, hours * hourMs))
    .count({ name: 'hours', logged })
    .toStream()
    .to(counts)
  // shorter where the windows' is longer: a topic is not compacted later than it was made for
  const table = builder.table(prices, { name: 'prices', historyRetentionMs: (hours > 1 ? 4 : 96) * hourMs })
  stream.join(table, (_units, price) => price).to(priced)
  return builder.build()
}

let app: MemoryApp | undefined

afterEach(() => app?.dispose())

/** What five sales give, and two more after a restart. */
async function overRestart(before: Topology, after: Topology) {
  const running = await MemoryApp.create()
  app = running
  const sell = (times: number) => {
    const rows = Array.from({ length: times }, (_, n) => ({ key: 'a', value: 1, timestamp: now + n }))
    return running.write(sales, rows)
  }
  await running.write(
    prices,
    [-2, -1, 1, 2].map((hour) => ({ key: 'a', value: 100 + hour, timestamp: now + hour * hourMs }))
  )
  const results = () => ({
    counted: running.read(counts).at(-1)?.decoded.value,
    price: running.read(priced).at(-1)?.decoded.value
  })
  const seen = []
  for (const [topology, times] of [
    [before, 5],
    [after, 2]
  ] as const) {
    const streams = await running.start(topology, { engine: 'rocksdb' })
    // the prices are there before the sales are
    await running.caughtUp(streams)
    await sell(times)
    await running.caughtUp(streams)
    await streams.close({ leaveGroup: true })
    seen.push(results())
  }
  // in each of their tasks
  const lines = running.log.filter((line) => line.includes('is set aside in'))
  const setAside = [...new Set(lines.map((line) => /store "(\w+)"/.exec(line)?.[1]))].sort()
  return { seen, setAside }
}

it('stores whose segments become longer or shorter are rebuilt from their changelogs', async () => {
  expect(await overRestart(graph(1), graph(23))).toEqual({
    seen: [
      { counted: 5, price: 99 },
      { counted: 7, price: 99 }
    ],
    setAside: ['hours', 'prices']
  })
})

it('as long as they were they stay as they are', async () => {
  expect(await overRestart(graph(1), graph(1))).toEqual({
    seen: [
      { counted: 5, price: 99 },
      { counted: 7, price: 99 }
    ],
    setAside: []
  })
})

it('a store without a changelog begins empty', async () => {
  const { seen, setAside } = await overRestart(graph(1, false), graph(23, false))
  expect(seen.map(({ counted }) => counted)).toEqual([5, 2])
  expect(setAside).toEqual(['hours', 'prices'])
})

it('over an engine that cannot be set aside, a driver refuses to go on', () => {
  const engine = new MemoryEngine('all')
  const driver = (topology: Topology) =>
    new TopologyTestDriver(topology, {
      engine: (name) => (name === 'hours' ? engine : new MemoryEngine(name))
    })
  driver(graph(1)).pipe(sales, { key: 'a', value: 1, timestamp: now })
  expect(() => driver(graph(23))).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }))
  driver(graph(1)).pipe(sales, { key: 'a', value: 1, timestamp: now })
})
