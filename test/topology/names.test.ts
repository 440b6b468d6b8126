import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  integer,
  JoinWindows,
  json,
  type KGroupedStream,
  type KStream,
  type KTable,
  keyValueStore,
  SessionWindows,
  StreamsBuilder,
  string,
  TimeWindows,
  Topology,
  topic,
  untilTimeLimit
} from '../../index.ts'

const Line = z.object({ sku: z.string(), qty: z.int() })
const lines = topic('lines', { key: string(), value: json(Line) })
const globals = topic('globals', { key: string(), value: json(Line) })
const others = topic('others', { key: string(), value: json(Line) })

/** As whoever writes JavaScript calls it: the types do not hold him back. */
type Untyped = Record<string, (...args: unknown[]) => Untyped>
const untyped = (handle: StreamsBuilder | KStream<never, never> | object) => handle as unknown as Untyped

interface Handles {
  readonly builder: StreamsBuilder
  readonly stream: KStream<string, z.infer<typeof Line>>
  readonly grouped: KGroupedStream<string, z.infer<typeof Line>>
  readonly table: KTable<string, z.infer<typeof Line>>
  readonly other: KTable<string, z.infer<typeof Line>>
}

function handles(): Handles {
  const builder = new StreamsBuilder()
  const stream = builder.stream(lines)
  return {
    builder,
    stream,
    grouped: stream.groupByKey(),
    table: builder.table(lines, { name: 'table' }),
    other: builder.table(others, { name: 'other' })
  }
}

const windows = TimeWindows.ofSizeWithNoGrace(10)
const sessions = SessionWindows.ofInactivityGapWithNoGrace(10)
const aggregate = { initial: () => 0, add: () => 0, subtract: () => 0, merge: () => 0, value: integer() }
const reduce = { reducer: (a: unknown) => a, subtractor: (a: unknown) => a }
const grouping = { key: string(), value: json(Line) }
const near = { windows: JoinWindows.ofTimeDifferenceWithNoGrace(10) }
const joiner = (a: unknown) => a
const byTable = ({ table }: Handles) =>
  table.groupBy((line, key) => [key, line], { name: 'by-table', ...grouping })

/** Every way to declare a step that keeps state or makes a topic, with the line that is shown where it is given no name. */
const steps: Record<string, [(handles: Handles, options: object) => unknown, given: object, line: RegExp]> = {
  'stream.repartition': [({ stream }, o) => untyped(stream).repartition!(o), {}, /repartition\(\{ name/],
  'stream.groupBy': [
    ({ stream }, o) => untyped(stream).groupBy!(joiner, o),
    { key: string() },
    /groupBy\(.*name/
  ],
  'stream.groupByKey': [
    ({ stream }, o) => untyped(stream.selectKey((line) => line.sku)).groupByKey!(o),
    grouping,
    /groupByKey\(\{ name/
  ],
  'stream.toTable': [({ stream }, o) => untyped(stream).toTable!(o), {}, /toTable\(\{ name/],
  'stream.join(stream)': [
    ({ stream, builder }, o) => untyped(stream).join!(builder.stream(others), joiner, o),
    near,
    /join\(.*name/
  ],
  'grouped.aggregate': [({ grouped }, o) => untyped(grouped).aggregate!(o), aggregate, /aggregate\(\{ name/],
  'grouped.count': [({ grouped }, o) => untyped(grouped).count!(o), {}, /count\(\{ name/],
  'grouped.reduce': [({ grouped }, o) => untyped(grouped).reduce!(o), reduce, /reduce\(\{ name/],
  'windowed.aggregate': [
    ({ grouped }, o) => untyped(grouped.windowedBy(windows)).aggregate!(o),
    aggregate,
    /aggregate\(\{ name/
  ],
  'windowed.count': [
    ({ grouped }, o) => untyped(grouped.windowedBy(windows)).count!(o),
    {},
    /count\(\{ name/
  ],
  'windowed.reduce': [
    ({ grouped }, o) => untyped(grouped.windowedBy(windows)).reduce!(o),
    reduce,
    /reduce\(\{ name/
  ],
  'sessions.aggregate': [
    ({ grouped }, o) => untyped(grouped.windowedBy(sessions)).aggregate!(o),
    aggregate,
    /aggregate\(\{ name/
  ],
  'sessions.count': [
    ({ grouped }, o) => untyped(grouped.windowedBy(sessions)).count!(o),
    {},
    /count\(\{ name/
  ],
  'sessions.reduce': [
    ({ grouped }, o) => untyped(grouped.windowedBy(sessions)).reduce!(o),
    reduce,
    /reduce\(\{ name/
  ],
  'cogrouped.aggregate': [
    ({ grouped }, o) => untyped(grouped.cogroup(() => 0)).aggregate!(o),
    aggregate,
    /aggregate\(\{ name/
  ],
  'cogrouped windows.aggregate': [
    ({ grouped }, o) => untyped(grouped.cogroup(() => 0).windowedBy(windows)).aggregate!(o),
    aggregate,
    /aggregate\(\{ name/
  ],
  'cogrouped sessions.aggregate': [
    ({ grouped }, o) => untyped(grouped.cogroup(() => 0).windowedBy(sessions)).aggregate!(o),
    aggregate,
    /aggregate\(\{ name/
  ],
  'builder.table': [({ builder }, o) => untyped(builder).table!(others, o), {}, /table\(topic, \{ name/],
  'builder.table, versioned': [
    ({ builder }, o) => untyped(builder).table!(others, o),
    { historyRetentionMs: 10 },
    /historyRetentionMs/
  ],
  'builder.globalTable': [
    ({ builder }, o) => untyped(builder).globalTable!(globals, o),
    {},
    /globalTable\(topic, \{ name/
  ],
  'table.filter': [({ table }, o) => untyped(table).filter!(() => true, o), {}, /filter\(.*name/],
  'table.mapValues': [
    ({ table }, o) => untyped(table).mapValues!(joiner, o),
    { value: json(Line) },
    /mapValues\(.*name/
  ],
  'table.groupBy': [({ table }, o) => untyped(table).groupBy!(joiner, o), grouping, /groupBy\(.*name/],
  'table.join': [
    ({ table, other }, o) => untyped(table).join!(other, joiner, o),
    { value: json(Line) },
    /join\(.*name/
  ],
  'table.join by foreign key': [
    ({ table, other }, o) => untyped(table).join!(other, joiner, joiner, o),
    {},
    /join\(.*name/
  ],
  'table.suppress': [
    ({ table }, o) => table.suppress(untilTimeLimit(10, o as { name: string })),
    {},
    /suppress\(.*name/
  ],
  'grouped table.aggregate': [(h, o) => untyped(byTable(h)).aggregate!(o), aggregate, /aggregate\(\{ name/],
  'grouped table.count': [(h, o) => untyped(byTable(h)).count!(o), {}, /count\(\{ name/],
  'grouped table.reduce': [(h, o) => untyped(byTable(h)).reduce!(o), reduce, /reduce\(\{ name/],
  keyValueStore: [
    ({ builder }, o) => builder.addStateStore(keyValueStore(o as Parameters<typeof keyValueStore>[0])),
    grouping,
    /keyValueStore\(\{ name/
  ]
}

describe.each(Object.entries(steps))('%s', (_name, [declare, given, line]) => {
  it('needs a name, and shows the line to add', () => {
    expect(() => declare(handles(), given)).toThrow(
      expect.objectContaining({ code: 'TOPOLOGY_INVALID', message: expect.stringMatching(line) })
    )
  })

  it('has a name of its own', () => {
    const one = handles()
    declare(one, { ...given, name: 'mine' })
    expect(() => declare(one, { ...given, name: 'mine' })).toThrow(
      expect.objectContaining({ code: 'TOPOLOGY_INVALID' })
    )
    // what it is called is what its user called it
    const topology = one.builder.build()
    const names = [
      ...topology.stores.keys(),
      ...topology.globalStores.keys(),
      ...topology.repartitions().map(({ repartition }) => repartition)
    ]
    expect(names.some((name) => name.startsWith('mine'))).toBe(true)
  })

  it('takes no name that cannot name a topic', () => {
    expect(() => declare(handles(), { ...given, name: 'a b' })).toThrow(/cannot name/)
  })
})

describe('a missing options object', () => {
  it.each(['aggregate', 'count', 'reduce'])('%s()', (method) => {
    expect(() => untyped(handles().grouped)[method]?.()).toThrow(
      expect.objectContaining({ code: 'TOPOLOGY_INVALID' })
    )
  })
})

describe('a graph of processors', () => {
  it('names each step once', () => {
    const topology = new Topology().addSource('source', lines)
    expect(() => topology.addSource('source', others)).toThrow(/two steps are named "source"/)
    expect(() => topology.addSink('source', others, 'source')).toThrow(/two steps are named "source"/)
    expect(() => topology.addSink('sink', others, 'sauce')).toThrow(/there is no step "sauce"/)
  })
})
