import { describe, expect, test, vi } from 'vitest'
import { int32 } from '../../core/serdes/int32.ts'
import { string } from '../../core/serdes/string.ts'
import type { Engine } from '../../state/engine.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { openStore } from '../../state/open-store.ts'
import type { KeyValueStoreDefinition } from '../../state/store-definition.ts'
import { Changelog } from './changelog.ts'
import { CountingJson } from './json-serde.ts'
import { TextKeys } from './keys-ahead.ts'

type Value = { n: number; text?: string; inner?: { list: number[] } }

/** Counts the reads that reach it. */
class CountingEngine extends MemoryEngine {
  reads = 0
  override getSync(key: Buffer): Buffer | undefined {
    this.reads++
    return super.getSync(key)
  }
}

function setUp(changes: Partial<KeyValueStoreDefinition<string, Value>> = {}, bufferBytes = 1 << 20) {
  const value = new CountingJson<Value>()
  const definition: KeyValueStoreDefinition<string, Value> = {
    kind: 'key-value',
    name: 'totals',
    key: string(),
    value,
    logged: true,
    cached: true,
    ...changes
  }
  const engine = new CountingEngine('totals')
  const changelog = new Changelog()
  const open = (over: Engine = engine) => openStore(definition, over, { log: changelog.log, bufferBytes })
  const store = open()
  const commit = () => {
    while (store.flush());
    store.commit(changelog.commit())
  }
  return { store, engine, changelog, value, commit, open }
}

const logged = (changelog: Changelog) =>
  changelog.open.map(({ key, value }) => `${key}=${value === null ? null : JSON.parse(value.toString()).n}`)

describe('flush', () => {
  test('goes through the keys in the order of their last changes, each with its last value', () => {
    const { store, changelog } = setUp()
    for (const [key, n] of [
      ['b', 1],
      ['a', 2],
      ['b', 3],
      ['c', 4],
      ['a', 5]
    ] as const)
      store.put(key, { n }, n)
    expect(changelog.open).toEqual([])
    expect(store.flush()).toBe(true)
    expect(logged(changelog)).toEqual(['b=3', 'c=4', 'a=5'])
    expect(changelog.open.map(({ timestamp }) => timestamp)).toEqual([3, 4, 5])
    expect(store.flush()).toBe(false)
  })

  test('serialises a value once, for the changelog and the engine', () => {
    const { store, value, commit, engine, changelog } = setUp()
    for (let n = 0; n < 100; n++) store.put('a', { n }, n)
    commit()
    expect(value.encoded).toBe(1)
    expect(value.decoded).toBe(0)
    expect(engine.getSync(Buffer.from('\x01a'))?.subarray(8)).toEqual(changelog.committed[0]?.value)
  })

  test('leaves out a key that was absent and is absent again', () => {
    const { store, changelog, commit } = setUp()
    const forwards: string[] = []
    store.onChange((key) => forwards.push(key))
    store.put('a', { n: 1 }, 1)
    store.put('a', null, 2)
    store.put('b', null, 3)
    expect(store.delete('c', 4)).toBeNull()
    expect(store.flush()).toBe(true)
    expect([changelog.open, forwards]).toEqual([[], []])
    commit()
    expect(store.bufferedBytes).toBeGreaterThan(0)
    // flushed in between: now it must be told
    store.put('a', { n: 1 }, 1)
    store.flush()
    store.put('a', null, 2)
    store.flush()
    expect(logged(changelog)).toEqual(['a=1', 'a=null'])
  })

  test('logs the deletion of a key that was absent where nothing is forwarded', () => {
    const { store, changelog, engine } = setUp()
    store.put('a', { n: 1 }, 1)
    store.put('a', null, 2)
    engine.reads = 0
    store.flush()
    expect(logged(changelog)).toEqual(['a=null'])
    expect(engine.reads).toBe(0)
  })

  test('hands on the value before the first change since the last flush, read or not', () => {
    const { store, commit, open } = setUp()
    store.put('a', { n: 1 }, 1)
    commit()
    const fresh = open()
    const forwards: unknown[] = []
    fresh.onChange((key, value, old, timestamp) => forwards.push([key, value?.n, old?.n, timestamp]))
    fresh.put('a', { n: 2 }, 2)
    fresh.put('a', { n: 3 }, 3)
    fresh.flush()
    fresh.put('a', null, 4)
    fresh.flush()
    expect(forwards).toEqual([
      ['a', 3, 1, 3],
      ['a', undefined, 3, 4]
    ])
  })

  test('does not read old values that nobody asked for', () => {
    const { store, engine, commit } = setUp()
    engine.reads = 0
    for (let n = 0; n < 10; n++) store.put(`${n}`, { n }, n)
    commit()
    expect(engine.reads).toBe(0)
  })

  test('leaves to the next flush what forwarding puts, and shows it to scans on the way', () => {
    const { store, changelog } = setUp()
    const seen: string[][] = []
    store.onChange((key) => {
      seen.push([...store.all()].map((entry) => entry.key))
      if (key === 'a') store.put('d', { n: 4 }, 4)
      // its turn is still to come
      if (key === 'a') store.put('b', { n: 20 }, 5)
    })
    store.put('a', { n: 1 }, 1)
    store.put('b', { n: 2 }, 2)
    store.flush()
    expect(logged(changelog)).toEqual(['a=1', 'b=20'])
    expect(seen).toEqual([
      ['a', 'b'],
      ['a', 'b', 'd']
    ])
    expect(store.flush()).toBe(true)
    expect(logged(changelog)).toEqual(['a=1', 'b=20', 'd=4'])
  })
})

describe('without caching', () => {
  test('each put is logged, then forwarded, at once', () => {
    const { store, changelog, commit } = setUp({ cached: false })
    const forwards: unknown[] = []
    store.onChange((key, value, old) => forwards.push([key, value?.n, old?.n, changelog.open.length]))
    store.put('a', { n: 1 }, 1)
    store.put('a', { n: 2 }, 2)
    store.put('a', null, 3)
    expect(forwards).toEqual([
      ['a', 1, undefined, 1],
      ['a', 2, 1, 2],
      ['a', undefined, 2, 3]
    ])
    expect(store.flush()).toBe(false)
    commit()
    expect(store.get('a')).toBeNull()
  })

  test('a value that cannot be written leaves the entry as it was', () => {
    const { store, changelog, commit } = setUp({ cached: false })
    store.put('a', { n: 1 }, 1)
    const endless = { n: 2 } as Value & { self?: unknown }
    endless.self = endless
    expect(() => store.put('a', endless, 2)).toThrow()
    expect(store.get('a')).toEqual({ n: 1 })
    commit()
    expect(changelog.committed).toHaveLength(1)
  })
})

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

test('a scan goes on over a commit in its middle', () => {
  const { store, commit } = setUp()
  for (let n = 100; n < 150; n++) store.put(`${n}`, { n }, n)
  commit()
  for (let n = 150; n < 300; n++) store.put(`${n}`, { n }, n)
  const forth: number[] = []
  for (const { value } of store.all()) {
    forth.push(value.n)
    if (value.n % 40 === 0) commit()
  }
  expect(forth).toEqual(Array.from({ length: 200 }, (_, i) => 100 + i))
  for (let n = 300; n < 350; n++) store.put(`${n}`, { n }, n)
  const back: number[] = []
  for (const { value } of store.reverseRange(null, null)) {
    back.push(value.n)
    if (value.n % 40 === 0) commit()
  }
  expect(back).toEqual(Array.from({ length: 250 }, (_, i) => 349 - i))
})

test('values are frozen all the way down, put or read', () => {
  const { store, commit, open } = setUp()
  const value: Value = Object.freeze({ n: 1, inner: { list: [1] } })
  store.put('a', value, 1)
  expect(() => value.inner?.list.push(2)).toThrow(TypeError)
  commit()
  expect(() => open().get('a')?.inner?.list.push(2)).toThrow(TypeError)
})
