import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  diffTopologyLocks,
  integer,
  JoinWindows,
  json,
  lockTopology,
  type Optimization,
  StreamsBuilder,
  string,
  type Topology,
  topic
} from '../../index.ts'
import { TopologyTestDriver } from '../../testing.ts'
import { Random } from '../kafka/random.ts'

const numbers = topic('numbers', { key: string(), value: integer() })
const counts = topic('counts', { key: string(), value: integer() })
const sums = topic('sums', { key: string(), value: integer() })
const pairs = topic('pairs', { key: string(), value: string() })

function graph(optimization: readonly Optimization[]) {
  const builder = new StreamsBuilder({ optimization })
  const key = string()
  const byParity = builder.stream(numbers).selectKey<string>((n) => (n % 2 === 0 ? 'even' : 'odd'))
  byParity.groupByKey({ name: 'counted', key }).count({ name: 'counts' }).toStream().to(counts)
  byParity
    .groupByKey({ name: 'summed', key })
    .reduce({ name: 'sums', reducer: (n, sum) => n + sum })
    .toStream()
    .to(sums)
  byParity
    .join(byParity, (a, b) => `${a}+${b}`, {
      name: 'pairs',
      key,
      windows: JoinWindows.ofTimeDifferenceWithNoGrace(5)
    })
    .to(pairs)
  return builder.build()
}

describe('merge.repartition.topics', () => {
  const plain = graph([])
  const merged = graph(['merge.repartition.topics'])

  it('groups and joins that begin at one step share the topic of the first', () => {
    const topics = (topology: typeof plain) => topology.repartitions().map(({ topicName }) => topicName)
    expect(topics(plain)).toEqual([
      'counted-repartition',
      'summed-repartition',
      'pairs-left-repartition',
      'pairs-right-repartition'
    ])
    expect(topics(merged)).toEqual(['counted-repartition'])
  })

  it('changes nothing that comes out', () => {
    const [first, second] = [new TopologyTestDriver(plain), new TopologyTestDriver(merged)]
    for (let i = 0; i < 60; i++)
      for (const driver of [first, second])
        driver.pipe(numbers, { key: `k${i % 7}`, value: (i * 7919) % 31, timestamp: i * 2 })
    for (const out of [counts, sums]) {
      const expected = first.read(out)
      expect(expected.length).toBeGreaterThan(1)
      expect(second.read(out)).toEqual(expected)
    }
    const found = second.read(pairs).map(({ value }) => value)
    expect(found.length).toBeGreaterThan(60)
    expect(found.toSorted()).toEqual(
      first
        .read(pairs)
        .map(({ value }) => value)
        .toSorted()
    )
  })

  it('keeps apart what is written otherwise, has other partitions, or was asked for', () => {
    const builder = new StreamsBuilder({ optimization: ['merge.repartition.topics'] })
    const key = string()
    const stream = builder.stream(numbers).selectKey(String)
    stream.groupByKey({ name: 'a', key }).count({ name: 'a' })
    stream.groupByKey({ name: 'b', key, partitions: 3 }).count({ name: 'b' })
    stream.groupByKey({ name: 'c', key, value: { ...integer() } }).count({ name: 'c' })
    stream.repartition({ name: 'd', key }).groupByKey().count({ name: 'd' })
    stream
      .filter((n) => n > 1)
      .groupByKey({ name: 'e', key })
      .count({ name: 'e' })
    expect(builder.build().repartitions()).toHaveLength(5)
    expect(() => stream.groupByKey({ name: 'a', key })).toThrow(/used twice/)
  })
})

describe('reuse.ktable.source.topics', () => {
  const Item = z.object({ n: z.int() })
  const items = topic('items', { key: string(), value: json(Item) })
  const lines = topic('items', { key: string(), value: string() })
  const loud = topic('loud', { key: string(), value: integer() })

  function tables(optimization: readonly Optimization[]) {
    const builder = new StreamsBuilder({ optimization })
    const table = builder.table(items, { name: 'rows' })
    builder.table(items, { name: 'again' })
    builder.table(counts, { name: 'past', historyRetentionMs: 1000 })
    builder.table(sums, { name: 'unlogged', logged: false })
    table
      .toStream()
      .mapValues((item) => item?.n ?? -1)
      .to(loud)
    const own = builder.table(loud, { name: 'own' })
    own.filter((n) => n > 1, { name: 'filtered' })
    return builder.build()
  }
  const plain = tables([])
  const reused = tables(['reuse.ktable.source.topics'])
  const changelogs = (topology: Topology) =>
    Object.fromEntries(
      topology
        .describe()
        .toJSON()
        .subTopologies.flatMap(({ stores }) => stores.map(({ name, changelog }) => [name, changelog]))
    )

  it('is for the first table of a topic that others write, not for what is worked out or keeps its past', () => {
    expect(changelogs(plain)).toEqual({
      rows: 'rows-changelog',
      again: 'again-changelog',
      past: 'past-changelog',
      unlogged: null,
      own: 'own-changelog',
      filtered: 'filtered-changelog'
    })
    expect(changelogs(reused)).toEqual({ ...changelogs(plain), rows: 'items', unlogged: 'sums' })
  })

  it('needs a reset, both ways', () => {
    const changes = (before: Topology, after: Topology) =>
      diffTopologyLocks(lockTopology(before), lockTopology(after)).map(
        ({ effect, message }) => `${effect}: ${message}`
      )
    expect(changes(plain, reused)).toEqual([
      'reset: store "rows" is restored from "items", no longer from "rows-changelog"',
      'reset: store "unlogged" is restored from "sums", no longer from nothing'
    ])
    expect(changes(reused, plain)).toEqual([
      'reset: store "rows" is restored from "rows-changelog", no longer from "items"',
      'reset: store "unlogged" has no changelog any more: it begins empty'
    ])
    expect(changes(reused, tables(['reuse.ktable.source.topics']))).toEqual([])
  })

  it('changes nothing that comes out, and writes nothing to the source', () => {
    const drivers = [plain, reused].map(
      (topology) => new TopologyTestDriver(topology, { deserializationExceptionHandler: 'continue' })
    )
    const [first, second] = drivers as [TopologyTestDriver, TopologyTestDriver]
    for (const driver of drivers)
      for (const [key, value] of [
        ['a', '{ "n": 1 }'],
        ['b', '{"n":2}'],
        ['c', 'none'],
        ['a', null],
        ['b', '{"n":3}']
      ] as const)
        driver.pipe(lines, { key, value, timestamp: 5 })
    expect(first.read(loud).map(({ key, value }) => [key, value])).toEqual([
      ['a', 1],
      ['b', 2],
      ['a', -1],
      ['b', 3]
    ])
    expect(second.readBytes('loud')).toEqual(first.readBytes('loud'))
    const rows = [...second.keyValueStore('rows').all()]
    expect(rows).toEqual([{ key: 'b', value: { n: 3 }, timestamp: 5 }])
    expect(rows).toEqual([...first.keyValueStore('rows').all()])
    expect(second.readBytes('items')).toHaveLength(5)
    expect(second.internalTopics().filter((name) => !first.internalTopics().includes(name))).toEqual([])
    expect(first.internalTopics().filter((name) => !second.internalTopics().includes(name))).toEqual([
      'test-rows-changelog'
    ])
  })
})

describe('single.store.self.join', () => {
  const inner = (
    optimization: readonly Optimization[],
    windows: JoinWindows,
    kind: 'join' | 'leftJoin' = 'join'
  ) => {
    const builder = new StreamsBuilder({ optimization })
    const stream = builder.stream(numbers)
    const pair = (a: number, b: number | null) => `${a}+${b}`
    const joined =
      kind === 'join'
        ? stream.join(stream, pair, { name: 'pairs', windows })
        : stream.leftJoin(stream, pair, { name: 'pairs', windows })
    joined.to(pairs)
    return builder.build()
  }

  it('is for inner joins of one step with itself', () => {
    const windows = JoinWindows.ofTimeDifferenceWithNoGrace(5)
    const stores = (topology: Topology) => [...topology.stores.keys()]
    const two = ['pairs-this-join-store', 'pairs-other-join-store']
    expect(stores(inner([], windows))).toEqual(two)
    expect(stores(inner(['single.store.self.join'], windows))).toEqual(['pairs-this-join-store'])
    expect(stores(inner(['single.store.self.join'], windows, 'leftJoin'))).toHaveLength(3)
    const builder = new StreamsBuilder({ optimization: 'all' })
    const stream = builder.stream(numbers)
    const big = stream.filter((n) => n > 1)
    stream.join(big, (a, b) => `${a}+${b}`, { name: 'pairs', windows }).to(pairs)
    expect(stores(builder.build())).toEqual(two)
  })

  it('needs a reset', () => {
    const windows = JoinWindows.ofTimeDifferenceWithNoGrace(5)
    const two = lockTopology(inner([], windows))
    const one = lockTopology(inner(['single.store.self.join'], windows))
    expect(diffTopologyLocks(two, one).map(({ effect }) => effect)).toEqual(['reset'])
    expect(diffTopologyLocks(one, two).map(({ effect }) => effect)).toEqual(['reset'])
  })

  const difference = JoinWindows.ofTimeDifferenceAndGrace
  it.each([
    ['symmetric', difference(6, 0)],
    ['with grace', difference(6, 9)],
    ['before only', difference(6, 3).after(0)],
    ['after only', difference(6, 3).before(0)],
    ['asymmetric', difference(2, 5).after(11)],
    ['apart from the record itself', difference(9, 4).before(-3)],
    ['of one moment', difference(0, 3)]
  ])('gives what two stores give, in the same order: %s', (_how, windows) => {
    for (const seed of [1, 2, 3]) {
      const random = new Random(seed)
      const [two, one] = [inner([], windows), inner(['single.store.self.join'], windows)].map(
        (topology) => new TopologyTestDriver(topology)
      ) as [TopologyTestDriver, TopologyTestDriver]
      let time = 40
      for (let i = 0; i < 150; i++) {
        time += random.below(4)
        // some much too late, some at the very edge of what is kept
        const timestamp = Math.max(0, time - (random.below(4) === 0 ? random.below(40) : random.below(4)))
        const key = random.below(40) === 0 ? null : `k${random.below(3)}`
        const value = random.below(40) === 0 ? null : i
        const headers = [{ key: 'n', value: Buffer.from(`${i}`) }]
        for (const driver of [two, one]) driver.pipe(numbers, { key, value, timestamp, headers })
      }
      const expected = two.read(pairs)
      expect(expected.length).toBeGreaterThan(50)
      expect(one.read(pairs)).toEqual(expected)
      const kept = 'test-pairs-this-join-store-changelog'
      expect(one.readBytes(kept)).toEqual(two.readBytes(kept))
      expect(one.internalTopics()).toEqual([kept])
    }
  })
})

describe('all', () => {
  it('is every optimization', () => {
    const declare = (optimization: readonly Optimization[] | 'all') => {
      const builder = new StreamsBuilder({ optimization })
      const table = builder.table(counts, { name: 'rows' })
      const stream = builder.stream(numbers).selectKey(String)
      const windows = JoinWindows.ofTimeDifferenceWithNoGrace(5)
      const key = string()
      stream.join(stream, (a, b) => `${a}+${b}`, { name: 'pairs', windows, key }).to(pairs)
      table.toStream().to(sums)
      return lockTopology(builder.build())
    }
    const all = declare('all')
    expect(all.repartitions.map(({ topic }) => topic)).toEqual(['pairs-left-repartition'])
    expect(
      all.subTopologies.flatMap(({ stores }) => stores.map(({ changelog }) => changelog)).sort()
    ).toEqual(['counts', 'pairs-this-join-store-changelog'])
    expect(all).toEqual(
      declare(['merge.repartition.topics', 'reuse.ktable.source.topics', 'single.store.self.join'])
    )
  })
})
