import { expect, test } from 'vitest'
import { StreamsBuilder, string, topic, untilTimeLimit } from '../../index.ts'
import { bufferedChange } from '../../processors/buffered-change.ts'
import type { OperatorContext } from '../../processors/operator.ts'
import { suppress } from '../../processors/suppress.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { openStore } from '../../state/open-store.ts'
import { MemoryApp } from '../runtime/memory-app.ts'
import { quiet, table } from '../state/store-definitions.ts'

test('what a cached table forwards within a commit may be more than the stores after it can buffer', async () => {
  const app = await MemoryApp.create()
  try {
    const input = topic('in', { key: string(), value: string(), partitions: 1 })
    const out = topic('out', { key: string(), value: string(), partitions: 1 })
    const keys = Array.from({ length: 1_000 }, (_, i) => `key ${i}`)
    const builder = new StreamsBuilder()
    builder
      .table(input, { name: 'latest' })
      .mapValues((value) => value.repeat(2_000), { name: 'large', value: string() })
      .suppress(untilTimeLimit(10_000, { name: 'calm' }))
      .toStream()
      .mapValues((value) => value?.slice(0, 1) ?? null)
      .to(out)
    await app.write(
      input,
      keys.map((key, i) => ({ key, value: 'x', timestamp: i }))
    )
    const streams = await app.start(builder.build(), { commitIntervalMs: 300, cacheMaxBytes: 600_000 })
    await app.caughtUp(streams)
    await app.write(input, [{ key: 'last', value: 'x', timestamp: 1_000_000 }])
    await app.until(streams, () => app.read(out).length > 0)
    await streams.close()
    expect(app.read(out).map(({ decoded }) => decoded.key)).toEqual(keys)
  } finally {
    await app.dispose()
  }
})

test('suppress tells its store early of much that is held back, so that a commit is asked for', () => {
  const definition = { ...table, value: bufferedChange, cached: false }
  const store = openStore(definition, new MemoryEngine('calm'), { ...quiet, bufferBytes: 40_000 })
  const commits: (() => void)[] = []
  const context: Partial<OperatorContext> = {
    topic: 'in',
    partition: 0,
    offset: 0,
    store: () => store,
    logHeaders: () => undefined,
    beforeCommit: (callback) => commits.push(callback),
    keepTime: () => -1,
    wallClock: () => 1
  }
  const rules = {
    storeName: 'calm',
    timeOf: undefined,
    waitMs: 10_000,
    maxRecords: Number.POSITIVE_INFINITY,
    maxBytes: Number.POSITIVE_INFINITY,
    whenFull: 'emit-early',
    dropTombstones: false
  } as const
  const step = suppress(rules, string(), string())(() => undefined, context as OperatorContext)
  const put = (i: number) => step('x'.repeat(200), null, `key ${i}`, i, [], true)
  let count = 0
  while (!store.commitWanted) {
    put(count++)
    expect(count).toBeLessThan(200)
  }
  // not one by one: a key that changes again before a commit should be logged once
  expect(count).toBeGreaterThan(60)
  for (const callback of commits) callback()
  expect([...store.all()]).toHaveLength(count)
})
