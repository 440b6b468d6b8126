import { describe, expect, test } from 'vitest'
import { MemoryEngine } from '../../state/engines/memory.ts'
import { openStore } from '../../state/open-store.ts'
import type { StateStore } from '../../state/state-store.ts'
import { Changelog } from './changelog.ts'
import { sessions, windows } from './store-definitions.ts'

/** Over three segments of two minutes. */
const times = Array.from({ length: 12 }, (_, n) => 60_000 + n * 19_000)
const back = [...times].reverse()
const keys = ['a', 'b', 'c']
const ofAllKeys = (some: number[]) => keys.flatMap(() => some)
const latest = Number.MAX_SAFE_INTEGER - 1

/** A store of which that many times of each key are committed, the others not. */
function filled<S extends StateStore>(
  open: (changelog: Changelog) => S,
  put: (store: S, key: string, time: number) => void,
  committed: number
) {
  const changelog = new Changelog()
  const store = open(changelog)
  const fill = (some: number[]) => {
    for (const key of keys) for (const time of some) put(store, key, time)
  }
  const commit = () => {
    store.flush()
    store.commit(changelog.commit())
  }
  fill(times.slice(0, committed))
  commit()
  fill(times.slice(committed))
  /** What a scan meets, with a commit at every fifth entry. */
  const over = <T>(scan: Iterable<T>): T[] => {
    const found: T[] = []
    for (const entry of scan) if (found.push(entry) % 5 === 0) commit()
    return found
  }
  return { store, over }
}

describe.each([0, 1, 9])(
  'a scan goes on over commits in its middle, %i times committed before',
  (committed) => {
    const visits = () =>
      filled(
        ({ log }) => openStore(windows, new MemoryEngine('visits'), { log }),
        (store, key, start) => store.put(key, 'x', start, 1),
        committed
      )
    const calls = () =>
      filled(
        ({ log }) => openStore(sessions, new MemoryEngine('calls'), { log }),
        (store, key, end) => store.put(key, end - 5, end, 'x', 1),
        committed
      )

    test.each([
      ['all', (store: ReturnType<typeof visits>['store']) => store.all(), ofAllKeys(times)],
      ['reverseFetchAll', (store) => store.reverseFetchAll(0, latest), ofAllKeys(back)],
      ['fetch', (store) => store.fetch('b', 0, latest), times],
      ['reverseFetch', (store) => store.reverseFetch('b', 0, latest), back],
      [
        'fetchAll',
        (store) => store.fetchAll(90_000, 200_000),
        ofAllKeys(times.filter((t) => t >= 90_000 && t <= 200_000))
      ]
    ])('windows: %s', (_, scan, expected) => {
      const { store, over } = visits()
      expect(over(scan(store)).map(({ start }) => start)).toEqual(expected)
    })

    test.each([
      [
        'fetchRange',
        (store: ReturnType<typeof calls>['store']) => store.fetchRange(null, null),
        ofAllKeys(times)
      ],
      ['fetch', (store) => store.fetch('b'), times],
      ['reverseFindSessions', (store) => store.reverseFindSessions('b', 0, latest), back]
    ])('sessions: %s', (_, scan, expected) => {
      const { store, over } = calls()
      expect(over(scan(store)).map(({ end }) => end)).toEqual(expected)
    })
  }
)
