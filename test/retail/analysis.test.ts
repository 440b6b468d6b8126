import { expect, it } from 'vitest'
import { integer, keyValueStore, StreamsBuilder, string, topic } from '../../index.ts'
import { analysis, publication } from '../../processors/retail/analysis.ts'
import { slicesUnder } from '../../processors/retail/slices.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { type TestDriverOptions, TopologyTestDriver } from '../../testing.ts'

const lookEveryMs = 500
const goOnMs = 20
const input = topic('in', { key: string(), value: integer(), partitions: 1 })
const output = topic('out', { key: string(), value: integer(), partitions: 1 })
const own = keyValueStore({ name: 'own', key: string(), value: integer(), cached: true })
const publishedCopies = publication('copies', integer())

/** A group has as many rows as the number that came last for it says; all of them hold that number. */
class Copies extends TopologyTestDriver {
  constructor(engines = new Map<string, MemoryEngine>(), options: TestDriverOptions = {}) {
    const builder = new StreamsBuilder()
    builder
      .stream(input)
      .process(
        analysis<number, number>(publishedCopies, (context) => {
          const store = context.store(own)
          return {
            take(count, group, timestamp) {
              store.put(`${group}/count`, count, timestamp)
              return group
            },
            *rows(group) {
              for (const slice of slicesUnder(store, group))
                for (const { value } of slice)
                  for (let i = 0; i < value; i++) yield [`${group}/${String(i).padStart(6, '0')}`, value]
            }
          }
        }),
        { stores: [own, publishedCopies.waiting, publishedCopies.published] }
      )
      .to(output)
    const engine = (store: string) => {
      const found = engines.get(store) ?? new MemoryEngine(store)
      engines.set(store, found)
      return found
    }
    super(builder.build(), { ...options, engine })
  }

  count(group: string, value: number): void {
    this.pipe(input, { key: group, value, timestamp: 0 })
  }

  waiting(): number {
    return [...this.keyValueStore<string, unknown>(publishedCopies.waiting.name).all()].length
  }
}

/** Lets it publish until nothing waits. Returns how many rows each callback told. */
function settle(driver: Copies): number[] {
  const told: number[] = []
  for (let turn = 0; driver.waiting() > 0; turn++) {
    expect(turn).toBeLessThan(100)
    driver.advanceWallClock(goOnMs)
    told.push(driver.read(output).length)
  }
  return told
}

it('small groups that rest at once are published in one callback', () => {
  const driver = new Copies()
  for (let group = 0; group < 50; group++) driver.count(`group ${group}`, 3)
  driver.advanceWallClock(4000)
  expect(driver.waiting()).toBe(0)
  expect(driver.readTable(output).size).toBe(150)
})

it('large groups are published one after another, so many rows at a time', () => {
  const driver = new Copies()
  driver.count('a', 5000)
  driver.count('b', 3000)
  driver.advanceWallClock(4000)
  const first = driver.read(output)
  expect(first).toHaveLength(2000)
  expect(new Set(first.map(({ key }) => key?.[0]))).toEqual(new Set(['a']))
  expect(driver.waiting()).toBe(2)
  const told = settle(driver)
  expect(Math.max(...told)).toBeLessThanOrEqual(2000)
  expect(told.length).toBeLessThan(6)
  expect(first.length + told.reduce((sum, count) => sum + count, 0)).toBe(8000)
  expect(driver.readTable(output).size).toBe(8000)
})

it('many groups that rest at once, too', () => {
  const driver = new Copies()
  for (let group = 0; group < 3000; group++) driver.count(`group ${group}`, 1)
  driver.advanceWallClock(4000)
  expect(driver.waiting()).toBeGreaterThan(2000)
  settle(driver)
  expect(driver.readTable(output).size).toBe(3000)
})

it('rows that are no more are taken back so many at a time', () => {
  const driver = new Copies()
  driver.count('a', 5000)
  driver.advanceWallClock(4000)
  settle(driver)
  driver.count('a', 1)
  driver.advanceWallClock(4000)
  settle(driver)
  expect([...driver.readTable(output)]).toEqual([['a/000000', 1]])
})

it('a group that changes while it is published is begun again when it rests', () => {
  const driver = new Copies()
  driver.count('a', 5000)
  driver.advanceWallClock(4000)
  driver.count('a', 2500)
  driver.advanceWallClock(goOnMs)
  driver.advanceWallClock(lookEveryMs)
  expect(driver.read(output)).toHaveLength(2000)
  driver.advanceWallClock(3000)
  settle(driver)
  expect([...driver.readTable(output)].map(([, value]) => value)).toEqual(new Array(2500).fill(2500))
})

it('a large group that never rests is published all the same, and again with what has changed meanwhile', () => {
  const driver = new Copies()
  let told = 0
  for (let turn = 0; turn < 140; turn++) {
    driver.count('a', 4000 + (turn % 2))
    driver.advanceWallClock(1000)
    told = driver.readTable(output).size
  }
  expect(told).toBeGreaterThanOrEqual(4000)
  driver.count('a', 4100)
  driver.advanceWallClock(4000)
  settle(driver)
  expect([...driver.readTable(output)].map(([, value]) => value)).toEqual(new Array(4100).fill(4100))
})

it('goes on after a crash with what was not published yet', () => {
  const engines = new Map<string, MemoryEngine>()
  const before = new Copies(engines)
  before.count('a', 5000)
  before.advanceWallClock(4000)
  expect(before.read(output)).toHaveLength(2000)
  const driver = new Copies(engines)
  driver.advanceWallClock(4000)
  settle(driver)
  const rest = [...driver.readTable(output).keys()]
  expect([rest.length, rest[0]]).toEqual([3000, 'a/002000'])
})

it.each([400_000, undefined])(
  'more rows and groups than a store may change before a commit (%s)',
  (bytes) => {
    const driver = new Copies(new Map(), bytes === undefined ? {} : { cacheMaxBytes: bytes })
    driver.count('a', 8000)
    for (let group = 0; group < 4000; group++) driver.count(`many ${group}`, 1)
    driver.advanceWallClock(4000)
    settle(driver)
    expect(driver.readTable(output).size).toBe(12_000)
  }
)
