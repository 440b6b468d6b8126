import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  integer,
  json,
  type Processor,
  StreamsBuilder,
  string,
  TimeWindows,
  timeWindowed,
  topic
} from '../../index.ts'
import { TopologyTestDriver } from '../../testing.ts'

const Line = z.object({ sku: z.string(), qty: z.int() })
type Line = z.infer<typeof Line>

const lines = topic('lines', { key: string(), value: json(Line) })
const out = topic('out', { key: string(), value: json(Line) })
const totals = topic('totals', { key: string(), value: integer() })

function run<T>(declare: (builder: StreamsBuilder) => void, use: (driver: TopologyTestDriver) => T): T {
  const builder = new StreamsBuilder()
  declare(builder)
  return use(new TopologyTestDriver(builder.build()))
}

describe('stateless steps', () => {
  it('filter and filterNot keep what they should, with key, time and headers', () => {
    run(
      (builder) => {
        const stream = builder.stream(lines)
        stream.filter((line) => line.qty > 1).to(out)
        stream.filterNot((line) => line.qty > 1).to(topic('rest', { key: string(), value: json(Line) }))
      },
      (driver) => {
        const headers = [{ key: 'h', value: Buffer.from('1') }]
        driver.pipe(lines, { key: 'a', value: { sku: 's', qty: 2 }, timestamp: 7, headers })
        driver.pipe(lines, { key: 'b', value: { sku: 's', qty: 1 }, timestamp: 8 })
        expect(driver.read(out)).toEqual([{ key: 'a', value: { sku: 's', qty: 2 }, timestamp: 7, headers }])
        expect(
          driver.read(topic('rest', { key: string(), value: json(Line) })).map(({ key }) => key)
        ).toEqual(['b'])
      }
    )
  })

  it('a type predicate narrows the value', () => {
    type Row = { ok: true; line: Line } | { ok: false }
    run(
      (builder) =>
        builder
          .stream(lines)
          .mapValues((line): Row => (line.qty > 0 ? { ok: true, line } : { ok: false }))
          .filter((row) => row.ok)
          .mapValues((row) => row.line)
          .to(out),
      (driver) => {
        driver.pipe(lines, { key: 'a', value: { sku: 's', qty: 0 } })
        driver.pipe(lines, { key: 'b', value: { sku: 't', qty: 3 } })
        expect(driver.read(out).map(({ value }) => value)).toEqual([{ sku: 't', qty: 3 }])
      }
    )
  })

  it('map, flatMap, selectKey and merge', () => {
    run(
      (builder) => {
        const stream = builder.stream(lines)
        const doubled = stream.map((line, key) => [`${key}!`, { ...line, qty: line.qty * 2 }])
        const split = stream.flatMap((line) =>
          Array.from({ length: line.qty }, () => [line.sku, { ...line, qty: 1 }])
        )
        const bySku = stream.selectKey((line) => line.sku)
        doubled.merge(split).merge(bySku).to(out)
      },
      (driver) => {
        driver.pipe(lines, { key: 'k', value: { sku: 's', qty: 2 } })
        expect(driver.read(out).map(({ key, value }) => [key, value?.qty])).toEqual([
          ['k!', 4],
          ['s', 1],
          ['s', 1],
          ['s', 2]
        ])
      }
    )
  })

  it('a processor sees headers and origin and forwards what it likes', () => {
    const shout = (): Processor<string, Line, string, Line> => ({
      process(record, context) {
        context.forward({ ...record, key: `${context.topic}/${record.headers.length}` })
        context.forward({ ...record, timestamp: record.timestamp + 1 })
      }
    })
    run(
      (builder) => builder.stream(lines).process(shout).to(out),
      (driver) => {
        driver.pipe(lines, {
          key: 'k',
          value: { sku: 's', qty: 2 },
          timestamp: 5,
          headers: [{ key: 'x', value: null }]
        })
        expect(driver.read(out).map(({ key, timestamp }) => [key, timestamp])).toEqual([
          ['lines/1', 5],
          ['k', 6]
        ])
      }
    )
  })
})

describe('aggregations', () => {
  it('count, reduce and aggregate over a repartition topic', () => {
    run(
      (builder) => {
        const bySku = builder.stream(lines).groupBy((line) => line.sku, { name: 'by-sku', key: string() })
        bySku.count({ name: 'counts' }).toStream().to(totals)
        bySku
          .reduce({ name: 'largest', reducer: (a, b) => (a.qty > b.qty ? a : b) })
          .toStream()
          .to(out)
      },
      (driver) => {
        driver.pipe(lines, { key: 'x', value: { sku: 's', qty: 5 }, timestamp: 10 })
        driver.pipe(lines, { key: 'y', value: { sku: 's', qty: 2 }, timestamp: 4 })
        driver.pipe(lines, { key: null, value: { sku: 't', qty: 1 }, timestamp: 11 })
        expect(driver.readTable(totals)).toEqual(
          new Map([
            ['s', 2],
            ['t', 1]
          ])
        )
        expect(driver.keyValueStore<string, Line>('largest').get('s')).toEqual({ sku: 's', qty: 5 })
        // an aggregate is as late as its latest record
        expect(driver.keyValueStore<string, number>('counts').entry('s')).toEqual({ value: 2, timestamp: 10 })
      }
    )
  })

  it('drops and counts records without key or value', () => {
    run(
      (builder) => builder.stream(lines).groupByKey().count({ name: 'counts' }).toStream().to(totals),
      (driver) => {
        driver.pipe(lines, { key: null, value: { sku: 's', qty: 1 } })
        driver.pipe(lines, { key: 'a', value: null })
        expect(driver.read(totals)).toEqual([])
        expect([driver.dropped('null-key'), driver.dropped('null-value')]).toEqual([1, 1])
      }
    )
  })

  it('an aggregate of null deletes', () => {
    run(
      (builder) =>
        builder
          .stream(lines)
          .groupByKey()
          .aggregate({
            name: 'sums',
            initial: () => 0,
            add: (line, sum) => (line.qty === 0 ? null : sum + line.qty),
            value: integer()
          })
          .toStream()
          .to(totals),
      (driver) => {
        for (const qty of [2, 3, 0, 4]) driver.pipe(lines, { key: 'a', value: { sku: 's', qty } })
        expect(driver.read(totals).map(({ value }) => value)).toEqual([2, 5, null, 4])
      }
    )
  })

  it('tumbling windows keep late records until the grace is over', () => {
    const windowed = topic('windowed', { key: timeWindowed(string(), 100), value: integer() })
    run(
      (builder) =>
        builder
          .stream(lines)
          .groupByKey()
          .windowedBy(TimeWindows.ofSizeAndGrace(100, 50))
          .count({ name: 'w' })
          .toStream()
          .to(windowed),
      (driver) => {
        for (const timestamp of [10, 99, 100, 40, 149, 60, 150, 70])
          driver.pipe(lines, { key: 'a', value: { sku: 's', qty: 1 }, timestamp })
        expect(driver.readTable(windowed).size).toBe(2)
        const counts = [...driver.windowStore<string, number>('w').fetch('a', 0, 1000)].map((w) => [
          w.start,
          w.value
        ])
        expect(counts).toEqual([
          [0, 4],
          [100, 3]
        ])
        expect(driver.dropped('late')).toBe(1)
      }
    )
  })
})

describe('joins with a table', () => {
  const names = topic('names', { key: string(), value: string() })
  it('join drops what has no match, leftJoin keeps it', () => {
    run(
      (builder) => {
        const table = builder.table(names, { name: 'names' })
        const stream = builder.stream(lines)
        stream.join(table, (line, name) => ({ ...line, sku: name })).to(out)
        stream
          .leftJoin(table, (line, name) => ({ ...line, sku: name ?? 'none' }))
          .to(topic('left', { key: string(), value: json(Line) }))
      },
      (driver) => {
        driver.pipe(lines, { key: 'k', value: { sku: '', qty: 1 } })
        driver.pipe(names, { key: 'k', value: 'Kaffee' })
        driver.pipe(lines, { key: 'k', value: { sku: '', qty: 2 } })
        driver.pipe(names, { key: 'k', value: null })
        driver.pipe(lines, { key: 'k', value: { sku: '', qty: 3 } })
        expect(driver.read(out).map(({ value }) => value)).toEqual([{ sku: 'Kaffee', qty: 2 }])
        const left = driver.read(topic('left', { key: string(), value: json(Line) }))
        expect(left.map(({ value }) => value?.sku)).toEqual(['none', 'Kaffee', 'none'])
      }
    )
  })
})

describe('what cannot run is told when it is declared or at its first use', () => {
  const declare = (use: (builder: StreamsBuilder) => void) => () => {
    const builder = new StreamsBuilder()
    use(builder)
    builder.build()
  }

  it('a repartition without a name', () => {
    expect(
      declare((b) =>
        b
          .stream(lines)
          .selectKey((l) => l.sku)
          // @ts-expect-error it does not compile either
          .groupByKey()
      )
    ).toThrow(/give it a name/)
  })
  it('a step that must write a value of unknown form', () => {
    expect(
      declare((b) =>
        b
          .stream(lines)
          .mapValues((l) => l.qty)
          // @ts-expect-error it does not compile either
          .groupBy((n) => `${n}`, { name: 'n', key: string() })
      )
    ).toThrow(/add value/)
  })
  it('a name used twice', () => {
    expect(
      declare((b) => {
        b.stream(lines).groupByKey().count({ name: 'c' })
        b.stream(lines).groupByKey().count({ name: 'c' })
      })
    ).toThrow(/used twice/)
  })
  it('a graph that reads nothing', () => {
    expect(() => new StreamsBuilder().build()).toThrow(/reads no topic/)
  })
  it('a promise', () => {
    run(
      (b) =>
        b
          .stream(lines)
          .mapValues(async (line) => line as unknown as Line)
          .to(out as never),
      (driver) =>
        expect(() => driver.pipe(lines, { key: 'a', value: { sku: 's', qty: 1 } })).toThrow(
          expect.objectContaining({ code: 'ASYNC_FUNCTION' })
        )
    )
  })
  it('a value that is not what its topic declares', () => {
    run(
      (b) => b.stream(lines).to(out),
      (driver) =>
        expect(() => driver.pipe(lines, { key: 'a', value: { sku: 's', qty: 1.5 } })).toThrow(
          expect.objectContaining({ code: 'DESERIALIZATION' })
        )
    )
  })
})
