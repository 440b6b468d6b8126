import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { integer, StreamsBuilder, string, type Topology, topic } from '../../index.ts'
import { RocksEngine } from '../../state/engines/rocksdb.ts'
import { Random } from '../state/random.ts'
import { MemoryApp, type Row } from './memory-app.ts'

const amounts = topic('amounts', { key: string(), value: integer(), partitions: 1 })
const names = topic('names', { key: string(), value: string(), partitions: 1 })
const sums = topic('sums', { key: string(), value: integer(), partitions: 1 })

const keys = 4000
const key = (n: number) => `key ${n}`

/** A sum per key, behind steps that leave the key as it is. */
function sumsTopology(): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream(amounts)
    .filter((amount) => amount !== 0)
    .mapValues((amount) => amount * 2)
    .groupByKey()
    .aggregate({ name: 'sums', initial: () => 0, add: (amount, sum) => sum + amount, value: integer() })
    .toStream()
    .to(sums)
  return builder.build()
}

/** Looks up a table by the record's key. */
function joinTopology(): Topology {
  const builder = new StreamsBuilder()
  const table = builder.table(names, { name: 'names' })
  builder
    .stream(amounts)
    .leftJoin(table, (amount, name) => (name === null ? 0 : amount))
    .to(sums)
  return builder.build()
}

let app: MemoryApp
/** How many keys each call of an engine asked for. */
let asked: number[]

beforeEach(async () => {
  app = await MemoryApp.create()
  asked = []
  const { multiGetSync } = RocksEngine.prototype
  vi.spyOn(RocksEngine.prototype, 'multiGetSync').mockImplementation(function (
    this: RocksEngine,
    wanted: readonly Buffer[]
  ) {
    asked.push(wanted.length)
    return multiGetSync.call(this, wanted)
  })
})

afterEach(async () => {
  vi.restoreAllMocks()
  await app.dispose()
})

const everyKey = Array.from({ length: keys }, (_, n) => n)
const rows = (numbers: readonly number[]): Row<string, number>[] =>
  numbers.map((n, i) => ({ key: key(n), value: 1 + (n % 7), timestamp: i }))

/** Runs until all input is processed; returns the number of reads with one key, and the sizes of larger ones. */
async function run(topology: Topology): Promise<{ single: number; several: number[] }> {
  asked = []
  const streams = await app.start(topology, { engine: 'rocksdb', commitIntervalMs: 200 })
  await app.caughtUp(streams)
  await streams.close({ leaveGroup: true })
  return { single: asked.filter((n) => n === 1).length, several: asked.filter((n) => n > 1) }
}

function sumOf(numbers: readonly number[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const n of numbers) found.set(key(n), (found.get(key(n)) ?? 0) + 2 * (1 + (n % 7)))
  return found
}

function latest(): Map<string, number> {
  return new Map(app.read(sums).map(({ decoded }) => [decoded.key as string, decoded.value as number]))
}

describe('keys of the records ahead', () => {
  it('are read in one call where a store is asked for them, and sums come out as they must', async () => {
    const random = new Random(3)
    const drawn = Array.from({ length: 8000 }, () => random.below(keys))
    await app.write(amounts, rows(everyKey))
    await run(sumsTopology())
    await app.write(amounts, rows(drawn))
    // the store is opened anew, so nothing is at hand
    const { single, several } = await run(sumsTopology())
    expect(Math.max(...several)).toBeGreaterThan(300)
    expect(several.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(2000)
    // until it shows, in the first 500 records, that it pays; and when almost all keys are at hand
    expect(single).toBeLessThan(1200)
    expect(latest()).toEqual(sumOf([...everyKey, ...drawn]))
  })

  it('are not read where they are at hand', async () => {
    const hot = Array.from({ length: 8000 }, (_, i) => i % 50)
    await app.write(amounts, rows(everyKey))
    await run(sumsTopology())
    await app.write(amounts, rows(hot))
    const { single, several } = await run(sumsTopology())
    expect(several).toEqual([])
    expect(single).toBeLessThan(60)
    expect(latest()).toEqual(sumOf([...everyKey, ...hot]))
  })

  it('are read for a table that is looked up, too', async () => {
    await app.write(
      names,
      everyKey.filter((n) => n % 2 === 0).map((n) => ({ key: key(n), value: `name ${n}`, timestamp: 0 }))
    )
    await app.write(amounts, [])
    await run(joinTopology())
    await app.write(amounts, rows(everyKey))
    const { several } = await run(joinTopology())
    expect(several.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(keys - 600)
    const joined = app.read(sums).map(({ decoded }) => decoded.value)
    expect(joined).toEqual(everyKey.map((n) => (n % 2 === 0 ? 1 + (n % 7) : 0)))
  })
})
