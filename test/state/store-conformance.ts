import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { string } from '../../core/serdes/string.ts'
import type { Engine, EngineKind } from '../../state/engine.ts'
import { openEngine } from '../../state/engines/open-engine.ts'
import { openStore } from '../../state/open-store.ts'
import type { KeyValueStoreDefinition, WindowStoreDefinition } from '../../state/store-definition.ts'
import type { StoreOptions } from '../../state/stores/store-options.ts'
import { Changelog, type ChangelogRecord, cursorOver } from './changelog.ts'
import { withDirectory } from './directories.ts'
import { CountingJson } from './json-serde.ts'

const table: KeyValueStoreDefinition<string, string> = {
  kind: 'key-value',
  name: 'names',
  key: string(),
  value: string(),
  logged: true,
  cached: true
}

const windows: WindowStoreDefinition<string, string> = {
  ...table,
  kind: 'window',
  name: 'visits',
  windowSizeMs: 10_000,
  retentionMs: 240_000
}

const quiet: StoreOptions = { log: undefined }
const at = (offset: number, topicId = 'topic-a') => ({ offset, topicId })
const record = (key: Buffer | string, value: string | null, timestamp: number): ChangelogRecord => ({
  key: Buffer.from(key as string),
  value: value === null ? null : Buffer.from(value),
  timestamp
})

function windowKey(key: string, start: number): Buffer {
  const tail = Buffer.alloc(12)
  tail.writeBigInt64BE(BigInt(start))
  return Buffer.concat([Buffer.from(key), tail])
}

async function withEngine(kind: EngineKind, use: (engine: Engine) => void | Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const engine = await openEngine(kind, directory)
    await use(engine)
    await engine.close()
  })
}

/** What a store of any kind must do over any engine. Content itself is the model tests' matter. */
export function storeConformance(kind: EngineKind): void {
  describe(`stores over ${kind}`, () => {
    test('change the engine at a commit only, and then with the checkpoint', () =>
      withEngine(kind, (engine) => {
        const store = openStore(table, engine, quiet)
        expect(store.persistent).toBe(kind !== 'memory')
        expect(store.checkpoint).toBeUndefined()
        store.put('a', 'one', 5)
        store.flush()
        expect(engine.scanSync(Buffer.alloc(0), undefined, false, 10)).toEqual([])
        store.commit(at(7))
        expect(engine.getSync(Buffer.from('\x01a'))).toEqual(Buffer.from('\0\0\0\0\0\0\0\x05one', 'latin1'))
        expect(openStore(table, engine, quiet).checkpoint).toEqual(at(7))
        expect(openStore(table, engine, quiet).entry('a')).toEqual({ value: 'one', timestamp: 5 })
      }))

    test('commit no batch when there is nothing new', () =>
      withEngine(kind, (engine) => {
        const clock = new ManualClock(1)
        const store = openStore(table, engine, { ...quiet, clock })
        store.commit(at(7))
        const metadata = engine.getSync(Buffer.from([0]))
        clock.advance(1)
        store.commit(at(7))
        store.commit(undefined)
        expect(engine.getSync(Buffer.from([0]))).toEqual(metadata)
        store.commit(at(8))
        expect(engine.getSync(Buffer.from([0]))).not.toEqual(metadata)
      }))

    test('commit what was flushed, and keep what became dirty since', () =>
      withEngine(kind, (engine) => {
        const changelog = new Changelog()
        const store = openStore(table, engine, { log: changelog.log, bufferBytes: 400 })
        store.put('a', 'flushed', 1)
        store.flush()
        store.put('a', 'dirty', 2)
        store.put('b', 'dirty', 2)
        store.commit(at(1))
        for (const key of 'cdefgh') store.get(key)
        expect(store.get('a')).toBe('dirty')
        expect([...openStore(table, engine, quiet).all()].map(({ value }) => value)).toEqual(['flushed'])
        store.flush()
        store.commit(at(3))
        expect(changelog.open.map(({ value }) => value?.toString())).toEqual(['flushed', 'dirty', 'dirty'])
        expect([...openStore(table, engine, quiet).all()]).toHaveLength(2)
      }))

    test('restore: later records win, null deletes, records without a key count only', () =>
      withEngine(kind, (engine) => {
        const store = openStore(table, engine, quiet)
        expect(store.get('a')).toBeNull()
        const records = [
          record('a', 'one', 1),
          record('b', 'one', 2),
          record('a', 'two', 3),
          record('b', null, 4),
          { key: null, value: Buffer.from('x'), timestamp: 5 }
        ]
        expect(store.restore(cursorOver(records), at(9))).toBe(5)
        // "absent", cached by the read before, must be forgotten
        expect([...store.all()]).toEqual([{ key: 'a', value: 'two', timestamp: 3 }])
        expect(store.get('a')).toBe('two')
        expect(store.checkpoint).toEqual(at(9))
      }))

    test('restore windows: stream time advances, and what has expired is left out', () =>
      withEngine(kind, (engine) => {
        const store = openStore(windows, engine, quiet)
        const records = [
          record(windowKey('a', 10_000), 'old', 1),
          record(windowKey('a', 400_000), 'new', 2),
          record(windowKey('b', 160_000), 'late, in a segment that is kept', 3),
          record(windowKey('b', 110_000), 'late, in one that is not', 3)
        ]
        store.restore(cursorOver(records), at(3))
        expect(store.observedStreamTime).toBe(400_000)
        expect([...store.all()]).toEqual([{ key: 'a', start: 400_000, value: 'new', timestamp: 2 }])
        expect(engine.scanSync(Buffer.from([1]), undefined, false, 10)).toHaveLength(2)
        expect(() => store.restore(cursorOver([record('short', 'x', 1)]), at(4))).toThrow(
          expect.objectContaining({ code: 'STORE_CORRUPT', message: expect.stringContaining('visits') })
        )
      }))

    test('windows: what starts at stream time less the retention has expired; logged it is all the same', () =>
      withEngine(kind, (engine) => {
        const changelog = new Changelog()
        const store = openStore({ ...windows, cached: false }, engine, { log: changelog.log })
        const told: unknown[] = []
        store.onChange((key, start, value, old) => told.push([key, start, value, old]))
        for (const start of [60_000, 60_001]) store.put('a', 'x', start, 1)
        store.put('b', 'newest', 300_000, 2)
        expect(store.get('a', 60_000)).toBeNull()
        expect(store.entry('a', 60_001)).toEqual({ value: 'x', timestamp: 1 })
        expect([...store.fetch('a', 0, 999_999)].map(({ start }) => start)).toEqual([60_001])
        told.length = 0
        store.put('a', 'late', 60_000, 3)
        store.put('a', 'late again', 60_000, 3)
        expect(told).toEqual([
          ['a', 60_000, 'late', null],
          ['a', 60_000, 'late again', null]
        ])
        expect(changelog.open).toHaveLength(5)
        // its segment is kept
        expect(store.expiredPuts).toBe(0)
        store.put('c', 'x', 360_000, 1)
        store.put('a', 'too late', 60_000, 3)
        expect(store.expiredPuts).toBe(1)
        expect(() => store.put('a', 'x', -1, 1)).toThrow(expect.objectContaining({ code: 'SERIALIZATION' }))
      }))

    test('windows: what has expired is found in the cache, until it is evicted', () =>
      withEngine(kind, (engine) => {
        const store = openStore(windows, engine, quiet)
        store.put('a', 'x', 60_000, 1)
        store.put('b', 'y', 400_000, 2)
        store.flush()
        expect(store.observedStreamTime).toBe(400_000)
        store.commit(at(1))
        expect(store.get('a', 60_000)).toBe('x')
        expect([...store.all()].map(({ key }) => key)).toEqual(['a', 'b'])
        store.abort()
        expect(store.get('a', 60_000)).toBeNull()
        expect([...store.all()].map(({ key }) => key)).toEqual(['b'])
      }))

    test('windows: a fetch keeps to its key where a longer one looks like a window of it', () =>
      withEngine(kind, (engine) => {
        const store = openStore(windows, engine, quiet)
        store.put('a', 'x', 60_000, 1)
        store.put('a\0\0\0\0\0\x01\0\0', 'y', 60_000, 1)
        const seen = () => [...store.fetch('a', 0, 131_072)].map(({ value }) => value)
        expect(seen()).toEqual(['x'])
        store.flush()
        store.put('a', 'x', 131_072, 1)
        store.flush()
        store.commit(undefined)
        store.abort()
        expect(seen()).toEqual(['x', 'x'])
      }))

    test('windows: whole segments are dropped after a commit, by committed stream time', () =>
      withEngine(kind, (engine) => {
        const store = openStore(windows, engine, quiet)
        const rows = () => engine.scanSync(Buffer.from([1]), undefined, false, 100).length
        for (const start of [0, 119_999, 120_000]) store.put('a', 'x', start, 1)
        store.flush()
        store.commit(undefined)
        store.put('a', 'x', 360_000, 1)
        store.flush()
        expect(rows()).toBe(3)
        store.commit(undefined)
        // segments are half of the retention: [0, 120000) has gone
        expect(rows()).toBe(2)
        expect(openStore(windows, engine, quiet).observedStreamTime).toBe(360_000)
      }))

    test('wipe leaves nothing, and a wipe cut short is finished at opening', () =>
      withEngine(kind, (engine) => {
        const store = openStore(windows, engine, quiet)
        store.put('a', 'x', 60_000, 1)
        store.flush()
        store.commit(at(1))
        store.put('b', 'y', 60_000, 1)
        store.wipe()
        expect(store.checkpoint).toBeUndefined()
        expect(store.observedStreamTime).toBe(-1)
        expect([...store.all()]).toEqual([])
        expect(engine.scanSync(Buffer.alloc(0), undefined, false, 10)).toEqual([])
        engine.writeBatchSync([{ key: Buffer.from('\x01a'), value: Buffer.from('\0\0\0\0\0\0\0\x05one') }])
        expect([...openStore(table, engine, quiet).all()]).toEqual([])
      }))

    test('refuse another format version and the content of another engine', () =>
      withEngine(kind, (engine) => {
        openStore(table, engine, quiet).commit(at(1))
        const metadata = Buffer.from(engine.getSync(Buffer.from([0])) as Buffer)
        for (const byte of [0, 1]) {
          const changed = Buffer.from(metadata)
          changed[byte] = (changed[byte] as number) + 1
          engine.writeBatchSync([{ key: Buffer.from([0]), value: changed }])
          expect(() => openStore(table, engine, quiet)).toThrow(
            expect.objectContaining({
              code: 'STORE_CORRUPT',
              message: expect.stringContaining('store names')
            })
          )
        }
      }))

    test('refuse puts and reads once closed', () =>
      withEngine(kind, async (engine) => {
        const store = openStore({ ...table, cached: false }, engine, quiet)
        await store.close()
        expect(() => store.get('a')).toThrow(expect.objectContaining({ code: 'STORE_CLOSED' }))
        expect(() => store.put('a', 'x', 1)).toThrow(expect.objectContaining({ code: 'STORE_CLOSED' }))
      }))
  })

  if (kind === 'memory') return
  test(`an unlogged store over ${kind} outlives a clean close, and no other`, () =>
    withDirectory(async (directory) => {
      const unlogged = { ...table, logged: false }
      const open = async () => openStore(unlogged, await openEngine(kind, directory), quiet)
      const first = await open()
      first.put('a', 'x', 1)
      first.flush()
      first.commit(undefined)
      await first.close()
      const engine = await openEngine(kind, directory)
      expect(openStore(unlogged, engine, quiet).get('a')).toBe('x')
      // closed without the store: as a crash leaves it
      await engine.close()
      const third = await open()
      expect(third.get('a')).toBeNull()
      await third.close()
    }))

  test(`a bulk of values over ${kind} comes back value by value`, () =>
    withEngine(kind, (engine) => {
      const value = new CountingJson<number>()
      const store = openStore({ ...table, value }, engine, quiet)
      for (let i = 0; i < 5_000; i++) store.put(`key ${i}`, i, i)
      store.flush()
      store.commit(at(1))
      const fresh = openStore({ ...table, value }, engine, quiet)
      fresh.prefetch(Array.from({ length: 5_000 }, (_, i) => `key ${i}`))
      value.decoded = 0
      for (let i = 0; i < 5_000; i++) expect(fresh.get(`key ${i}`)).toBe(i)
      expect(value.decoded).toBe(0)
      expect([...fresh.all()]).toHaveLength(5_000)
    }))
}
