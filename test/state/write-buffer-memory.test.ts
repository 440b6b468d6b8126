import { describe, expect, test, vi } from 'vitest'
import { int32 } from '../../core/serdes/int32.ts'
import { string } from '../../core/serdes/string.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { openStore } from '../../state/open-store.ts'
import { setUp } from './buffered-store.ts'
import { TextKeys } from './keys-ahead.ts'

describe('memory', () => {
  test('clean entries are cached, absent keys too', () => {
    const { store, engine, commit } = setUp()
    store.put('a', { n: 1 }, 1)
    commit()
    store.get('b')
    engine.reads = 0
    for (let i = 0; i < 10; i++) expect([store.get('a'), store.get('b')]).toEqual([{ n: 1 }, null])
    expect(engine.reads).toBe(0)
  })

  test('the clean entry used longest ago goes first; dirty ones stay', () => {
    // room for six entries of about 160 bytes
    const { store, engine, commit } = setUp({}, 1000)
    for (const key of 'abcdef') {
      store.put(key, { n: 1, text: 'x'.repeat(10) }, 1)
      commit()
    }
    expect(store.bufferedBytes).toBeLessThanOrEqual(1000)
    store.get('a')
    store.put('g', { n: 1, text: 'x'.repeat(10) }, 1)
    commit()
    engine.reads = 0
    store.get('a')
    store.get('g')
    expect(engine.reads).toBe(0)
    store.get('b')
    expect(engine.reads).toBe(1)
    store.put('c', { n: 2 }, 1)
    for (const key of 'hijklmnop') store.get(key)
    engine.reads = 0
    expect(store.get('c')).toEqual({ n: 2 })
    expect(engine.reads).toBe(0)
  })

  test('a put after a read whose entry is evicted already is not lost', () => {
    const { store, commit, open } = setUp({}, 250)
    store.put('x', { n: 1 }, 1)
    commit()
    // together with the dirty x there is no room for a clean entry
    store.put('x', { n: 2 }, 2)
    expect(store.get('a')).toBeNull()
    const room = store.bufferedBytes
    expect(store.putIfAbsent('a', { n: 1 }, 1)).toBeNull()
    expect(store.bufferedBytes).toBeGreaterThan(room)
    commit()
    expect([...open().all()].map(({ key }) => key)).toEqual(['a', 'x'])
  })

  test('reaching the bound asks for a commit, twice the bound in one callback throws', () => {
    const { store, commit } = setUp({}, 10_000)
    let puts = 0
    while (!store.commitWanted) store.put(`${puts++}`, { n: 1 }, 1)
    commit()
    expect(store.commitWanted).toBe(false)
    expect(() => {
      for (puts = 0; ; puts++) store.put(`${puts}`, { n: 1 }, 1)
    }).toThrow(
      expect.objectContaining({ code: 'BUFFER_OVERFLOW', message: expect.stringContaining('store totals') })
    )
    expect(puts).toBeGreaterThan(100)
    expect(puts).toBeLessThan(160)
    store.abort()
    expect(store.bufferedBytes).toBe(0)
    expect(store.commitWanted).toBe(false)
  })

  test.each(['commit', 'abort'] as const)(
    'within a commit puts are not bounded, after it (%s) they are',
    (end) => {
      const { store } = setUp({}, 10_000)
      const putAll = () => {
        for (let puts = 0; puts < 200; puts++) store.put(`${puts}`, { n: 1 }, 1)
      }
      store.beginCommit()
      putAll()
      expect(store.bufferedBytes).toBeGreaterThan(20_000)
      store.flush()
      if (end === 'commit') store.commit(undefined)
      else store.abort()
      expect(putAll).toThrow(expect.objectContaining({ code: 'BUFFER_OVERFLOW' }))
    }
  )

  test('what came and went counts for nothing', () => {
    const { store } = setUp({}, 1000)
    store.onChange(() => undefined)
    for (let n = 0; n < 100; n++) {
      store.put(`${n}`, { n }, n)
      store.put(`${n}`, null, n)
      store.flush()
    }
    expect(store.commitWanted).toBe(false)
  })

  test('an entry that came and went, was evicted and came again is in scans once, as it is', () => {
    const { store } = setUp({}, 1000)
    store.onChange(() => undefined)
    store.put('b', { n: 1 }, 1)
    expect([...store.all()]).toHaveLength(1)
    store.put('a', { n: 1 }, 1)
    store.put('a', null, 1)
    store.flush()
    for (const key of 'cdefghijk') store.get(key)
    store.put('a', { n: 2 }, 1)
    expect([...store.all()].map(({ value }) => value.n)).toEqual([2, 1])
    expect([...store.reverseRange(null, null)].map(({ value }) => value.n)).toEqual([1, 2])
  })

  test('the entry read last may be evicted, too', () => {
    const { store, engine } = setUp({}, 1000)
    for (let round = 0; round < 3; round++) {
      store.get('a')
      for (let i = 0; i < 20; i++) store.get(`${round} ${i}`)
      engine.reads = 0
      store.get('a')
      expect(engine.reads).toBe(1)
      expect(store.bufferedBytes).toBeLessThanOrEqual(1000)
    }
  })

  test('keys are prefetched in one call, as many as there is room for beside the uncommitted ones', () => {
    const { store, engine, commit, open } = setUp()
    for (let n = 0; n < 10; n++) store.put(`${n}`, { n }, n)
    commit()
    const fresh = open()
    const misses: string[] = []
    fresh.onMiss((id) => misses.push(id))
    const multiGets = vi.spyOn(engine, 'multiGetSync')
    fresh.put('3', { n: 30 }, 1)
    expect(fresh.prefetch(new TextKeys(['1', '3', 'x', '1', '2']), 4)).toEqual({ seen: 4, read: 2 })
    expect(multiGets).toHaveBeenCalledTimes(1)
    expect(['1', '3', 'x'].map((key) => fresh.get(key)?.n)).toEqual([1, 30, undefined])
    expect(misses).toEqual([])
    expect(fresh.get('2')).toEqual({ n: 2 })
    expect(misses).toEqual(['2'])

    const { store: small } = setUp({}, 2_000)
    const many = Array.from({ length: 100 }, (_, i) => `${i}`)
    const { seen, read } = small.prefetch(new TextKeys(many), 100)
    expect([seen, read]).toEqual([5, 5])
    while (!small.commitWanted) small.put(`put ${small.bufferedBytes}`, { n: 1 }, 1)
    expect(small.prefetch(new TextKeys(many), 100)).toEqual({ seen: 0, read: 0 })
  })

  test('bytes that are no key are not prefetched, and do no harm', () => {
    const engine = new MemoryEngine('totals')
    const store = openStore(
      { kind: 'key-value', name: 'totals', key: int32(), value: string(), logged: false, cached: true },
      engine,
      { log: undefined }
    )
    expect(store.prefetch(new TextKeys(['abc', 'abcd', '']), 10)).toEqual({ seen: 3, read: 1 })
    expect([...store.all()]).toEqual([])
  })

  test('puts of one key over and over take no more room', () => {
    const { store } = setUp({}, 1000)
    for (let n = 0; n < 10_000; n++) store.put('a', { n }, n)
    expect(store.commitWanted).toBe(false)
  })
})
