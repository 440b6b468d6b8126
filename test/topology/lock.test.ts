import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  diffTopologyLocks,
  integer,
  json,
  keyValueStore,
  lockText,
  lockTopology,
  needsReset,
  readTopologyLock,
  SessionWindows,
  StreamsBuilder,
  string,
  TimeWindows,
  type TopologyLock,
  topic
} from '../../index.ts'

const Sale = z.object({ sku: z.string(), qty: z.int() })
const sales = topic('sales', { key: string(), value: json(Sale) })
const returns = topic('returns', { key: string(), value: json(Sale) })
const counts = topic('counts', { key: string(), value: integer() })

function lockOf(declare: (builder: StreamsBuilder) => void): TopologyLock {
  const builder = new StreamsBuilder()
  declare(builder)
  return lockTopology(builder.build())
}

/** `reset: ...` and `compatible: ...` lines. */
function changes(
  before: (builder: StreamsBuilder) => void,
  after: (builder: StreamsBuilder) => void
): string[] {
  const found = diffTopologyLocks(lockOf(before), lockOf(after))
  expect(needsReset(found)).toBe(found.some(({ effect }) => effect === 'reset'))
  return found.map(({ effect, message }) => `${effect}: ${message}`)
}

const bySku = (builder: StreamsBuilder) =>
  builder.stream(sales).groupBy((sale) => sale.sku, { name: 'by-sku', key: string() })
const counted = (builder: StreamsBuilder) => void bySku(builder).count({ name: 'counts' })

describe('a lock', () => {
  it('holds what state depends on', () => {
    expect(lockOf(counted)).toEqual({
      format: 1,
      subTopologies: [
        { id: 0, topics: ['sales'], stores: [] },
        {
          id: 1,
          topics: [],
          stores: [
            {
              name: 'counts',
              kind: 'key-value',
              key: { serde: 'string' },
              value: { serde: 'integer' },
              changelog: 'counts-changelog'
            }
          ]
        }
      ],
      repartitions: [
        {
          topic: 'by-sku-repartition',
          from: [0],
          to: 1,
          partitions: null,
          key: { serde: 'string' },
          value: {
            serde: 'json',
            schema: expect.stringMatching(/^[0-9a-f]{16}$/),
            required: { qty: expect.any(String), sku: expect.any(String) },
            optional: {}
          }
        }
      ],
      globalStores: []
    })
  })

  it('is the same for schemas that mean the same', () => {
    const other = z.object({ qty: z.int().describe('pieces'), sku: z.string() })
    const table = (schema: typeof Sale) => (builder: StreamsBuilder) =>
      void builder.table(topic('sales', { key: string(), value: json(schema) }), { name: 'rows' })
    expect(lockOf(table(other))).toEqual(lockOf(table(Sale)))
  })

  it('survives its file', () => {
    const directory = mkdtempSync(join(tmpdir(), 'topology-lock-'))
    afterAll(() => rmSync(directory, { recursive: true }))
    const file = join(directory, 'topology.lock.json')
    writeFileSync(file, lockText(lockOf(counted)))
    expect(readTopologyLock(file)).toEqual(lockOf(counted))
    for (const text of ['{', 'null', '{"format":2}']) {
      writeFileSync(file, text)
      expect(() => readTopologyLock(file)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
    }
    expect(() => readTopologyLock(join(directory, 'none'))).toThrow(/cannot be read/)
  })
})

describe('compatible', () => {
  it('nothing changed', () => expect(changes(counted, counted)).toEqual([]))

  it('stateless steps and outputs come and go', () => {
    const more = (builder: StreamsBuilder) => {
      const stream = builder.stream(sales)
      stream.filter((sale) => sale.qty > 3).to(returns)
      stream
        .filter((sale) => sale.qty > 0)
        .groupBy((sale) => sale.sku, { name: 'by-sku', key: string() })
        .count({ name: 'counts' })
        .toStream()
        .to(counts)
    }
    expect(changes(counted, more)).toEqual([])
    expect(changes(more, counted)).toEqual([])
  })

  it('a store that is filled from nothing but new topics', () => {
    const more = (builder: StreamsBuilder) => {
      counted(builder)
      builder
        .stream(returns)
        .groupBy((sale) => sale.sku, { name: 'returns-by-sku', key: string() })
        .count({ name: 'returned' })
    }
    expect(changes(counted, more)).toEqual([
      'compatible: store "returned" is new, and so is all that it is filled from',
      'compatible: repartition topic "returns-by-sku-repartition" is new',
      'compatible: topic "returns" is now read, from its beginning'
    ])
  })

  it('a longer retention, and an optional field', () => {
    const windows =
      (retentionMs: number, logged = true) =>
      (builder: StreamsBuilder) =>
        void bySku(builder)
          .windowedBy(TimeWindows.ofSizeWithNoGrace(100))
          .count({ name: 'hours', retentionMs, logged })
    expect(changes(windows(100), windows(500))).toEqual([
      'compatible: store "hours" keeps its content for 500 ms, no longer 100 ms'
    ])
    // its segments get longer, which are part of its keys on disk
    expect(changes(windows(100), windows(500_000))).toEqual([
      'compatible: store "hours" keeps its content for 500000 ms, no longer 100 ms: it is rebuilt from its changelog'
    ])
    expect(changes(windows(100, false), windows(500_000, false))).toEqual([
      'reset: store "hours" keeps its content for 500000 ms, no longer 100 ms: it begins empty'
    ])
    const rows = (schema: z.ZodType<object>) => (builder: StreamsBuilder) =>
      void builder.table(topic('rows', { key: string(), value: json(schema) }), { name: 'rows' })
    expect(changes(rows(Sale), rows(Sale.extend({ note: z.string().optional() })))).toEqual([
      'compatible: values of store "rows" already written lack the new optional field "note"'
    ])
    expect(changes(rows(Sale), rows(Sale.omit({ qty: true })))).toEqual([
      'compatible: values of store "rows" already written have field "qty", which is not known any more'
    ])
    expect(changes(rows(Sale), rows(Sale.partial({ qty: true })))).toEqual([
      'compatible: values of store "rows" already written have field "qty", which is optional now'
    ])
  })

  it('global stores', () => {
    const global = (name: string) => (builder: StreamsBuilder) => {
      counted(builder)
      builder.globalTable(returns, { name })
    }
    expect(changes(global('a'), global('b'))).toEqual([
      'compatible: global store "b" is filled from "returns", from its beginning',
      'compatible: global store "a" is gone'
    ])
  })
})

describe('needs a reset', () => {
  it('a stateful step that is added, renamed or removed', () => {
    const named = (name: string) => (builder: StreamsBuilder) => void bySku(builder).count({ name })
    const both = (builder: StreamsBuilder) => {
      const grouped = bySku(builder)
      grouped.count({ name: 'counts' })
      grouped.reduce({ name: 'largest', reducer: (a, b) => (a.qty > b.qty ? a : b) })
    }
    expect(changes(counted, both)).toEqual([
      'reset: store "largest" is new: it would lack what was processed before it was there'
    ])
    expect(changes(counted, named('totals'))).toEqual([
      'reset: store "counts" is now named "totals": it would begin empty'
    ])
    expect(changes(both, counted)).toEqual([
      'reset: store "largest" is gone; should the name come back, what its topic kept would be taken up with a gap'
    ])
  })

  it('sub-topologies are renumbered', () => {
    const before = (builder: StreamsBuilder) => {
      builder.stream(returns).to(topic('copy', { key: string(), value: json(Sale) }))
      counted(builder)
    }
    expect(changes(before, counted)).toEqual([
      'reset: store "counts" moves from sub-topology 2 to 1: its tasks and their folders get other names',
      'compatible: topic "sales" is read by sub-topology 0, no longer 1; it keeps no state',
      'compatible: topic "returns" is not read any more'
    ])
  })

  it('what is written has another form', () => {
    const store = (value: z.ZodType<object>) => (builder: StreamsBuilder) => {
      const mine = keyValueStore({ name: 'mine', key: string(), value: json(value) })
      builder.stream(sales).process(() => ({ process: () => undefined }), { stores: [mine] })
    }
    expect(changes(store(Sale), store(Sale.extend({ store: z.string() })))).toEqual([
      'reset: values of store "mine" already written lack the new required field "store"'
    ])
    expect(changes(store(Sale), store(Sale.extend({ qty: z.string() })))).toEqual([
      'reset: values of store "mine" already written have field "qty" in another form'
    ])
    expect(changes(store(Sale.partial({ qty: true })), store(Sale))).toEqual([
      'reset: values of store "mine" already written may lack field "qty", which is required now'
    ])
    const list = (of: z.ZodType) => z.object({ all: z.array(of) })
    expect(changes(store(list(z.string())), store(list(z.int())))).toHaveLength(1)
    const counting = (value: typeof counts.value) => (builder: StreamsBuilder) =>
      void bySku(builder).count({ name: 'counts', value })
    expect(changes(counted, counting({ ...integer(), name: 'decimal' }))).toEqual([
      'reset: values of store "counts" already written were written as integer, not as decimal'
    ])
  })

  it('a store is of another kind, has other windows, or gets a changelog', () => {
    const hours = (sizeMs: number) => (builder: StreamsBuilder) =>
      void bySku(builder)
        .windowedBy(TimeWindows.ofSizeWithNoGrace(sizeMs))
        .count({ name: 'counts', retentionMs: 1000 })
    expect(changes(hours(100), hours(200))).toEqual([
      'reset: store "counts" has windows of 200 ms, no longer 100 ms'
    ])
    const visits = (builder: StreamsBuilder) =>
      void bySku(builder).windowedBy(SessionWindows.ofInactivityGapWithNoGrace(100)).count({ name: 'counts' })
    expect(changes(counted, visits)).toEqual([
      'reset: store "counts" is a session store, no longer a key-value store'
    ])
    const unlogged = (builder: StreamsBuilder) => void bySku(builder).count({ name: 'counts', logged: false })
    expect(changes(unlogged, counted)).toEqual([
      'reset: store "counts" now has a changelog, which lacks what the store holds'
    ])
    expect(changes(counted, unlogged)).toEqual([
      'reset: store "counts" has no changelog any more: it begins empty'
    ])
  })

  it('a repartition topic is gone or has other partitions', () => {
    const spread = (partitions: number) => (builder: StreamsBuilder) =>
      void builder.stream(sales).repartition({ name: 'spread', partitions }).to(returns)
    expect(changes(spread(2), spread(3))).toEqual([
      'reset: repartition topic "spread-repartition" has 3 partitions, no longer 2: keys change places'
    ])
    expect(changes(spread(2), (builder) => builder.stream(sales).to(returns))).toEqual([
      'reset: repartition topic "spread-repartition" is gone: records that are still in it would be lost'
    ])
  })
})
