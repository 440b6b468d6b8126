import { describe, expect, test } from 'vitest'
import { setUp, type Value } from './buffered-store.ts'
import type { Changelog } from './changelog.ts'

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
