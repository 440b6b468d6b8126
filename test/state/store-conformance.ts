import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { float64 } from '../../core/serdes/float64.ts'
import type { EngineKind } from '../../state/engine.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { openEngine } from '../../state/engines/open-engine.ts'
import { openStore } from '../../state/open-store.ts'
import { Changelog, cursorOver } from './changelog.ts'
import { withDirectory } from './directories.ts'
import { CountingJson } from './json-serde.ts'
import { TextKeys } from './keys-ahead.ts'

import { at, quiet, record, table, windows, withEngine } from './store-definitions.ts'

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

    test.each([true, false])(
      'tell keys apart by their bytes, also when one was read before: cached %s',
      (cached) =>
        withEngine(kind, (engine) => {
          const numbers = { key: float64(), cached }
          const store = openStore({ ...table, ...numbers }, engine, quiet)
          store.put(0, 'zero', 1)
          expect(store.get(0)).toBe('zero')
          expect(store.get(-0)).toBeNull()
          store.put(-0, 'minus zero', 2)
          expect(store.get(0)).toBe('zero')
          store.flush()
          store.commit(at(1))
          expect([...store.all()].map(({ value }) => value).sort()).toEqual(['minus zero', 'zero'])
          const times = openStore({ ...windows, ...numbers }, new MemoryEngine('visits'), quiet)
          times.put(0, 'zero', 10, 1)
          expect(times.get(0, 10)).toBe('zero')
          expect(times.get(-0, 10)).toBeNull()
        })
    )

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
      const ahead = new TextKeys(Array.from({ length: 5_000 }, (_, i) => `key ${i}`))
      expect(fresh.prefetch(ahead, 6_000)).toEqual({ seen: 5_000, read: 5_000 })
      value.decoded = 0
      for (let i = 0; i < 5_000; i++) expect(fresh.get(`key ${i}`)).toBe(i)
      expect(value.decoded).toBe(0)
      expect([...fresh.all()]).toHaveLength(5_000)
    }))
}
