import { describe, expect, it } from 'vitest'
import { string } from '../../core/serdes/string.ts'
import { UncommittedBudget } from '../../state/buffer/callback-limit.ts'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { openStore } from '../../state/open-store.ts'
import type { StateStore } from '../../state/state-store.ts'
import { quiet, versions } from './store-definitions.ts'

const shareBytes = 10_000
const definition = { kind: 'key-value', key: string(), value: string(), logged: false } as const

function keyValue(name: string, budget: UncommittedBudget | undefined, cached = true) {
  return openStore({ ...definition, name, cached }, new MemoryEngine(name), {
    ...quiet,
    bufferBytes: shareBytes,
    ...(budget && { uncommitted: budget })
  })
}

function versioned(budget: UncommittedBudget) {
  return openStore(versions, new MemoryEngine('rates'), {
    ...quiet,
    bufferBytes: shareBytes,
    uncommitted: budget
  })
}

interface Filled {
  readonly bufferedBytes: number
  put(key: string, value: string, timestamp: number): unknown
}

/** Puts keys until so many bytes are uncommitted. */
function fill(store: Filled, bytes: number): void {
  for (let i = 0; store.bufferedBytes < bytes; i++) store.put(`${i}`, 'x'.repeat(500), i)
}

const overflow = expect.objectContaining({ code: 'BUFFER_OVERFLOW' })

describe.each([
  ['a cached store', (budget: UncommittedBudget): Filled & StateStore => keyValue('totals', budget)],
  [
    'a store without a cache',
    (budget: UncommittedBudget): Filled & StateStore => keyValue('totals', budget, false)
  ],
  ['a versioned store', versioned]
])('one callback may change of %s', (_, open) => {
  it('many times its share, while that is within the budget of all, and a commit is asked for at its share', () => {
    const store = open(new UncommittedBudget(100 * shareBytes))
    let asked = 0
    store.onFull(() => asked++)
    fill(store, 0.8 * shareBytes)
    expect(asked).toBe(0)
    fill(store, 40 * shareBytes)
    expect(asked).toBeGreaterThan(0)
    expect(store.commitWanted).toBe(true)
    store.beginCommit()
    store.flush()
    store.commit(undefined)
    expect(store.commitWanted).toBe(false)
  })

  it('no more than the budget, by less than a share, after a commit and an abort too', () => {
    const store = open(new UncommittedBudget(10 * shareBytes))
    for (const end of ['abort', 'commit', 'abort']) {
      fill(store, 9.5 * shareBytes)
      expect(() => fill(store, 11 * shareBytes)).toThrow(overflow)
      if (end === 'abort') store.abort()
      else {
        store.beginCommit()
        store.flush()
        store.commit(undefined)
        store.abort()
      }
    }
  })
})

it('what other stores have uncommitted is not to be had, until they are committed or closed', async () => {
  const budget = new UncommittedBudget(10 * shareBytes)
  const [one, other] = [keyValue('one', budget), keyValue('other', budget)]
  fill(one, 7 * shareBytes)
  fill(other, 1.9 * shareBytes)
  expect(() => fill(other, 5 * shareBytes)).toThrow(overflow)
  one.beginCommit()
  one.flush()
  one.commit(undefined)
  fill(other, 8 * shareBytes)
  await other.close()
  fill(one, 9 * shareBytes)
})

it('twice its share in any case', () => {
  const budget = new UncommittedBudget(shareBytes)
  const store = keyValue('totals', budget)
  fill(store, 1.9 * shareBytes)
  expect(() => fill(store, 2.2 * shareBytes)).toThrow(overflow)
})
