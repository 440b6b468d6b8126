import { describe, expect, test } from 'vitest'
import type { EngineKind } from '../../state/engine.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { metadataKey } from '../../state/metadata.ts'
import { openStore } from '../../state/open-store.ts'
import { Changelog, cursorOver } from './changelog.ts'
import { at, quiet, record, sessions, versions, windowKey, windows, withEngine } from './store-definitions.ts'

/** What stores that go by time must do over any engine. */
export function timedStoreConformance(kind: EngineKind): void {
  describe(`stores by time over ${kind}`, () => {
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
        expect([rows(), store.maintenanceDue]).toEqual([4, true])
        expect(store.maintain(0)).toBe(false)
        // segments are half of the retention: [0, 120000) has gone
        expect([rows(), store.maintenanceDue]).toEqual([2, false])
        expect(openStore(windows, engine, quiet).observedStreamTime).toBe(360_000)
      }))

    test('expiry goes on in slices, however many rows there are', () =>
      withEngine(kind, (engine) => {
        const store = openStore(windows, engine, quiet)
        for (let i = 0; i < 5_000; i++) store.put(`${i}`, 'x', 0, 1)
        store.flush()
        store.commit(undefined)
        store.put('a', 'x', 500_000, 1)
        store.flush()
        store.commit(undefined)
        const rows = () => engine.scanSync(Buffer.from([1]), undefined, false, 10_000).length
        expect(store.maintain(0)).toBe(!engine.dropsRanges)
        expect(rows()).toBe(engine.dropsRanges ? 1 : 4_001)
        while (store.maintain(1));
        expect(rows()).toBe(1)
      }))

    test('windows with duplicates: numbered on over restarts and restores; nulls are only logged', () =>
      withEngine(kind, (engine) => {
        const changelog = new Changelog()
        const joined = { ...windows, retainDuplicates: true }
        const store = openStore(joined, engine, { log: changelog.log })
        for (const value of ['x', 'x', null, 'y']) store.put('a', value, 60_000, 1)
        const numbers = () => changelog.open.map(({ key }) => key?.readInt32BE(9))
        expect(numbers()).toEqual([1, 2, 3, 4])
        expect(changelog.open.map(({ value }) => value?.toString())).toEqual(['x', 'x', undefined, 'y'])
        store.commit(at(4))
        const again = openStore(joined, engine, { log: changelog.log })
        again.put('a', 'z', 60_000, 1)
        expect(numbers()).toEqual([1, 2, 3, 4, 5])
        expect([...again.fetch('a', 0, 99_999)].map(({ value }) => value)).toEqual(['x', 'x', 'y', 'z'])
        expect([...again.reverseFetch('a', 0, 99_999)].map(({ value }) => value)).toEqual([
          'z',
          'y',
          'x',
          'x'
        ])
        const log: number[] = []
        const copy = openStore(joined, new MemoryEngine('copy'), {
          log: (key, keyStart) => log.push(key.readInt32BE(keyStart + 9))
        })
        copy.restore(cursorOver(changelog.open), at(5))
        copy.put('a', 'z', 60_000, 1)
        expect(log).toEqual([6])
      }))

    test('sessions: end before start in the changelog, found by overlap, expired by their end', () =>
      withEngine(kind, (engine) => {
        const changelog = new Changelog()
        const store = openStore(sessions, engine, { log: changelog.log })
        store.put('a', 100, 164, 'x', 164)
        store.put('a', 50_000, 100_000, 'y', 100_000)
        store.remove('a', 100, 164, 170)
        store.put('a', 90, 300, 'z', 170)
        store.put('ab', 90, 300, 'other', 170)
        store.flush()
        expect(changelog.open[1]?.key?.toString('hex')).toBe('6100000000000000a40000000000000064')
        store.commit(at(5))
        const found = (earliestEnd: number, latestStart: number) =>
          [...store.findSessions('a', earliestEnd, latestStart)].map(({ value }) => value)
        expect(found(0, 1_000_000)).toEqual(['z', 'y'])
        expect(found(300, 90)).toEqual(['z'])
        expect(found(301, 90)).toEqual([])
        expect(found(301, 50_000)).toEqual(['y'])
        expect([...store.fetch('a')].map(({ start, end }) => [start, end])).toEqual([
          [90, 300],
          [50_000, 100_000]
        ])
        expect(store.fetchSession('a', 90, 300)).toBe('z')
        expect(store.fetchSession('a', 100, 164)).toBeNull()
        expect(store.findSessionsInTimeOrder(0, 300).map(({ key }) => key)).toEqual(['a', 'ab'])
        expect(() => store.put('a', 2, 1, 'x', 1)).toThrow(expect.objectContaining({ code: 'SERIALIZATION' }))
        store.abort()
        store.put('b', 240_000, 240_300, 'x', 1)
        store.flush()
        expect([...store.fetchRange(null, null)].map(({ key }) => key)).toEqual(['a', 'b'])
      }))

    test('sessions: a scan by time finds the expired ones, up to where segments are kept', () =>
      withEngine(kind, (engine) => {
        const store = openStore({ ...sessions, cached: false }, engine, quiet)
        const ends = () => store.findSessionsInTimeOrder(0, 999_999).map(({ end }) => end)
        // segments are half of the retention of 240 s
        for (const end of [119_999, 120_000, 200_000]) store.put('a', end - 1, end, 'x', end)
        store.commit(at(1))
        store.put('b', 0, 240_000, 'x', 240_000)
        store.put('a', 139_999, 140_000, 'not committed', 140_000)
        expect(ends()).toEqual([119_999, 120_000, 140_000, 200_000, 240_000])
        store.put('b', 0, 450_000, 'x', 450_000)
        expect([...store.fetch('a')]).toEqual([])
        expect(ends()).toEqual([120_000, 140_000, 200_000, 240_000, 450_000])
        expect(store.findSessionsInTimeOrder(130_000, 199_999).map(({ end }) => end)).toEqual([140_000])
        store.put('a', 149_999, 150_000, 'late, in a segment that is kept', 150_000)
        store.put('a', 109_999, 110_000, 'late, in one that is not', 110_000)
        store.remove('a', 119_999, 120_000, 120_000)
        const kept = [140_000, 150_000, 200_000, 240_000, 450_000]
        expect(ends()).toEqual(kept)
        store.commit(at(2))
        while (store.maintain(10));
        expect(ends()).toEqual(kept)
        store.put('b', 0, 480_000, 'x', 480_000)
        expect(ends()).toEqual([240_000, 450_000, 480_000])
      }))

    test('windows: read up to the retention back, that one included, where the definition says so', () =>
      withEngine(kind, (engine) => {
        const store = openStore({ ...windows, cached: false, readsOldest: true }, engine, quiet)
        for (const start of [59_999, 60_000, 300_000]) store.put('a', 'x', start, 1)
        expect(store.get('a', 59_999)).toBeNull()
        expect(store.get('a', 60_000)).toBe('x')
        const starts = () => store.fetchAllInTimeOrder(0, 999_999).map(({ start }) => start)
        expect(starts()).toEqual([60_000, 300_000])
        store.commit(at(1))
        store.abort()
        expect(starts()).toEqual([60_000, 300_000])
      }))

    test.each([
      ['windows', windows, { ...windows, retentionMs: 120_000 }, { ...windows, retentionMs: 600_000 }],
      ['sessions', sessions, { ...sessions, retentionMs: 120_000 }, { ...sessions, retentionMs: 600_000 }],
      [
        'versions',
        versions,
        { ...versions, historyRetentionMs: 120_000 },
        { ...versions, historyRetentionMs: 600_000 }
      ]
    ])(
      '%s do not open with segments of another length, or of none that is known',
      (_, was, shorter, longer) =>
        withEngine(kind, (engine) => {
          openStore(was, engine, quiet).commit(at(1))
          expect(openStore(was, engine, quiet).checkpoint).toEqual(at(1))
          for (const now of [shorter, longer])
            expect(() => openStore(now, engine, quiet)).toThrow(
              expect.objectContaining({
                code: 'STORE_CORRUPT',
                message: expect.stringContaining('in segments of 120000 ms')
              })
            )
          // as it was written before segments were told of
          const written = Buffer.from(engine.getSync(metadataKey) as Buffer)
          written[2] = 0
          engine.writeBatchSync([
            { key: metadataKey, value: Buffer.concat([written.subarray(0, 47), written.subarray(55)]) }
          ])
          expect(() => openStore(was, engine, quiet)).toThrow(
            expect.objectContaining({
              code: 'STORE_CORRUPT',
              message: expect.stringContaining('no known length')
            })
          )
        })
    )

    test('versions: in any order, with what was valid when, and no further back than the history', () =>
      withEngine(kind, (engine) => {
        const changelog = new Changelog()
        const store = openStore(versions, engine, { log: changelog.log })
        expect(store.put('a', 'ten', 10)).toBe('latest')
        expect(store.put('a', 'thirty', 30)).toBe('latest')
        expect(store.put('a', 'twenty', 20)).toBe(30)
        expect(store.put('a', null, 40)).toBe('latest')
        store.commit(changelog.commit())
        expect(store.get('a')).toBeNull()
        expect(store.getAsOf('a', 29)).toEqual({ value: 'twenty', timestamp: 20, validTo: 30 })
        expect(store.getAsOf('a', 9)).toBeNull()
        expect(store.getAsOf('a', 40)).toBeNull()
        const values = (order: 'ascending' | 'descending') =>
          store.getRange('a', 15, 30, order).map(({ value }) => value)
        expect(values('ascending')).toEqual(['ten', 'twenty', 'thirty'])
        expect(values('descending')).toEqual(['thirty', 'twenty', 'ten'])
        store.put('b', 'old', 50)
        expect(store.put('b', 'new', 500_000)).toBe('latest')
        expect(store.put('a', 'too late', 259_999)).toBe('dropped')
        expect(store.expiredPuts).toBe(1)
        expect(changelog.open.at(-1)?.value?.toString()).toBe('too late')
        expect(store.getAsOf('b', 259_999)).toBeNull()
        expect(store.getAsOf('b', 260_000)).toEqual({ value: 'old', timestamp: 50, validTo: 500_000 })
        store.commit(changelog.commit())
        while (store.maintain(10));
        // the latest value and what was valid until it came: all else is beyond the history
        expect(engine.scanSync(Buffer.from([1]), undefined, false, 100)).toHaveLength(2)
      }))

    test('versions: a deletion at the time of a version that nothing valid came before is forgotten', () =>
      withEngine(kind, (engine) => {
        const store = openStore(versions, engine, quiet)
        store.put('a', 'x', 10)
        store.put('a', null, 10)
        expect(store.put('a', 'earlier', 5)).toBe('latest')
        expect(store.get('a')).toEqual({ value: 'earlier', timestamp: 5, validTo: undefined })
      }))

    test('versions: a deletion that was put on its own is remembered, though a value came and went at its time', () =>
      withEngine(kind, (engine) => {
        const store = openStore(versions, engine, quiet)
        for (const value of [null, 'x', null]) expect(store.put('a', value, 10)).toBe('latest')
        expect(store.put('a', 'earlier', 5)).toBe(10)
        expect(store.get('a')).toBeNull()
        expect(store.getAsOf('a', 9)).toEqual({ value: 'earlier', timestamp: 5, validTo: 10 })
      }))
  })
}
