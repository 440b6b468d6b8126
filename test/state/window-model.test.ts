import { describe, expect, test } from 'vitest'
import { string } from '../../core/serdes/string.ts'
import type { EngineKind } from '../../state/engine.ts'
import { openEngine } from '../../state/engines/open-engine.ts'
import { openStore } from '../../state/open-store.ts'
import type { WindowStoreDefinition } from '../../state/store-definition.ts'
import type { BufferedWindowStore } from '../../state/stores/window.ts'
import { Changelog, cursorOver } from './changelog.ts'
import { withDirectory } from './directories.ts'
import { CountingJson } from './json-serde.ts'
import { Random } from './random.ts'

interface Window {
  readonly key: string
  readonly start: number
  readonly value: number
  readonly timestamp: number
}

const keys = ['', 'a', 'ab', 'a\u0001', 'b', 'é', 'a window key that is longer']
const sizeMs = 10_000
const retentionMs = 300_000

function compare(a: Window, b: Window): number {
  return Buffer.compare(Buffer.from(a.key, 'utf8'), Buffer.from(b.key, 'utf8')) || a.start - b.start
}

async function run(
  kind: EngineKind,
  cached: boolean,
  seed: number,
  steps: number,
  directory: string
): Promise<void> {
  const random = new Random(seed)
  const definition: WindowStoreDefinition<string, number> = {
    kind: 'window',
    name: 'velocity',
    key: string(),
    value: new CountingJson<number>(),
    logged: true,
    cached,
    windowSizeMs: sizeMs,
    retentionMs
  }
  const changelog = new Changelog()
  const name = (key: string, start: number) => `${start}/${key}`
  let now = new Map<string, Window>()
  let flushed = new Map<string, Window>()
  let committed = new Map<string, Window>()
  let dirty = new Set<string>()
  let streamTime = -1
  let committedTime = -1
  let expired = 0
  const forwarded: string[] = []
  let engine = await openEngine(kind, directory)

  const open = (): BufferedWindowStore<string, number> => {
    const opened = openStore(definition, engine, { log: changelog.log, bufferBytes: 8_000, freeze: true })
    opened.onChange((key, start, value, old, timestamp) => {
      const at = name(key, start)
      forwarded.push(at)
      expect(old).toEqual(flushed.get(at)?.value ?? null)
      expect(value).toEqual(now.get(at)?.value ?? null)
      const tail = Buffer.alloc(12)
      tail.writeBigInt64BE(BigInt(start))
      expect(changelog.open.at(-1)).toEqual({
        key: Buffer.concat([Buffer.from(key, 'utf8'), tail]),
        value: value === null ? null : Buffer.from(JSON.stringify(value)),
        timestamp
      })
      const entry = now.get(at)
      if (entry === undefined) flushed.delete(at)
      else flushed.set(at, entry)
    })
    return opened
  }
  let store = open()

  const live = (from: number, to: number) =>
    [...now.values()]
      .filter(({ start }) => start >= Math.max(from, streamTime - retentionMs) && start <= to)
      .sort(compare)
  const flush = (): void => {
    const expected = [...dirty].filter((at) => now.has(at) || flushed.has(at))
    forwarded.length = 0
    store.flush()
    expect(forwarded).toEqual(expected)
    expect(store.flush()).toBe(false)
    dirty = new Set()
  }
  const commit = (): void => {
    flush()
    store.commit(changelog.commit())
    committed = new Map(now)
    committedTime = streamTime
  }
  const forget = (): void => {
    changelog.abort()
    now = new Map(committed)
    flushed = new Map(committed)
    streamTime = committedTime
    dirty = new Set()
  }

  for (let step = 0; step < steps; step++) {
    const key = random.pick(keys)
    const start = Math.max(0, (step + random.below(60) - 45) * sizeMs)
    const from = start - random.below(20) * sizeMs
    switch (random.below(14)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4: {
        const value = random.below(5) === 0 ? null : step
        streamTime = Math.max(streamTime, start)
        forwarded.length = 0
        if (start < streamTime - retentionMs) {
          expired++
          store.put(key, value, start, step)
          expect(forwarded).toEqual([])
          expect(store.expiredPuts).toBe(expired)
          break
        }
        const at = name(key, start)
        dirty.add(at)
        if (value === null) now.delete(at)
        else now.set(at, { key, start, value, timestamp: step })
        store.put(key, value, start, step)
        expect(forwarded).toEqual(cached ? [] : [at])
        if (!cached) dirty.clear()
        break
      }
      case 5:
      case 6: {
        const [found] = live(start, start).filter((window) => window.key === key)
        expect(store.get(key, start)).toBe(found?.value ?? null)
        expect(store.entry(key, start)?.timestamp).toBe(found?.timestamp)
        break
      }
      case 7:
      case 8:
        expect([...store.fetch(key, from, start)]).toEqual(
          live(from, start).filter((window) => window.key === key)
        )
        break
      case 9:
        expect([...store.fetchAll(from, start)]).toEqual(live(from, start))
        break
      case 10:
        expect([...store.all()]).toEqual(live(0, Number.POSITIVE_INFINITY))
        break
      case 11:
        flush()
        break
      case 12:
        commit()
        break
      case 13:
        if (random.below(4) > 0) break
        forget()
        if (random.below(2) === 0) {
          store.abort()
        } else {
          if (kind !== 'memory') {
            await store.close()
            engine = await openEngine(kind, directory)
          }
          store = open()
          expired = 0
        }
        expect(store.observedStreamTime).toBe(streamTime)
        break
    }
    if (store.commitWanted) commit()
  }
  commit()
  const copy = openStore(definition, await openEngine('memory', ''), { log: undefined })
  copy.restore(cursorOver(changelog.committed), changelog.commit())
  // windows that came and went between two flushes left no record, so the copy's stream time may be behind
  expect(copy.observedStreamTime).toBeLessThanOrEqual(streamTime)
  expect([...copy.fetchAll(streamTime - retentionMs, streamTime)]).toEqual(live(0, Number.POSITIVE_INFINITY))
  expect([...store.all()]).toEqual(live(0, Number.POSITIVE_INFINITY))
  // what expired is gone from the disk, but for the segment that is part live
  const rows = engine.scanSync(Buffer.from([1]), undefined, false, 10_000)
  expect(rows.length).toBeLessThanOrEqual((1.5 * retentionMs * keys.length) / sizeMs + keys.length)
  await store.close()
}

describe.each(['memory', 'rocksdb', 'level'] as const)('a window store over %s', (kind) => {
  test.each([true, false])(
    'agrees with a plain map, cached: %s',
    async (cached) => {
      for (let seed = 1; seed <= (kind === 'memory' ? 12 : kind === 'rocksdb' ? 3 : 1); seed++)
        await withDirectory((directory) => run(kind, cached, seed, 1500, directory))
    },
    120_000
  )
})
