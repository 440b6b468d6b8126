import { expect } from 'vitest'
import { string } from '../../core/serdes/string.ts'
import type { Engine } from '../../state/engine.ts'
import { openEngine } from '../../state/engines/open-engine.ts'
import { openStore } from '../../state/open-store.ts'
import type { StoreOptions } from '../../state/stores/store-options.ts'
import type { TimedStore } from '../../state/stores/timed.ts'
import { Changelog, cursorOver } from './changelog.ts'
import { CountingJson } from './json-serde.ts'
import type { ModelRun } from './model-run.ts'
import { Random } from './random.ts'
import { compareRows, TimedModel, type TimedRow, type Told } from './timed-model.ts'

const keys = ['', 'a', 'ab', 'a\u0001', 'b', 'é', 'a window key that is longer']
const unitMs = 10_000
const retentionMs = 300_000
const never = Number.MAX_SAFE_INTEGER - 1

type Shape = 'window' | 'duplicates' | 'session'
type Name = Omit<TimedRow, 'value' | 'timestamp'>

/** A store of one of the shapes, in the terms of the model. */
interface Subject {
  readonly store: TimedStore<string, number>
  put(name: Name, value: number | null, timestamp: number): void
  get(name: Name): number | null
  /** Rows of a key with from <= time <= to, or those sessions with from <= time and sub <= to. */
  fetch(key: string, from: number, to: number, reverse: boolean): TimedRow[]
  fetchAll(from: number, to: number): TimedRow[]
  inTimeOrder(from: number, to: number): TimedRow[]
  fetchRange(from: string | null, to: string | null): TimedRow[]
}

interface Store {
  readonly shape: Shape
  readonly cached: boolean
  readonly readsOldest: boolean
}

function open(
  { shape, cached, readsOldest }: Store,
  engine: Engine,
  options: StoreOptions,
  told: Told[]
): Subject {
  const common = {
    name: 'velocity',
    key: string(),
    value: new CountingJson<number>(),
    logged: true,
    cached,
    retentionMs
  }
  if (shape === 'session') {
    const store = openStore({ kind: 'session', ...common }, engine, options)
    store.onChange((key, start, end, value, old, timestamp) =>
      told.push({ at: `${end}/${start}/${key}`, value, old, timestamp })
    )
    const row = ({
      key,
      start,
      end,
      value,
      timestamp
    }: { start: number; end: number } & Omit<TimedRow, 'time' | 'sub'>) => ({
      key,
      time: end,
      sub: start,
      value,
      timestamp
    })
    return {
      store,
      put: ({ key, time, sub }, value, timestamp) => store.put(key, sub, time, value, timestamp),
      get: ({ key, time, sub }) => store.fetchSession(key, sub, time),
      fetch: (key, from, to, reverse) =>
        [...(reverse ? store.reverseFindSessions(key, from, to) : store.findSessions(key, from, to))].map(
          row
        ),
      fetchAll: (from, to) =>
        [...store.fetchRange(null, null)].map(row).filter(({ time }) => time >= from && time <= to),
      inTimeOrder: (from, to) => store.findSessionsInTimeOrder(from, to).map(row),
      fetchRange: (from, to) => [...store.fetchRange(from, to)].map(row)
    }
  }
  const definition = {
    kind: 'window',
    ...common,
    windowSizeMs: unitMs,
    retainDuplicates: shape === 'duplicates',
    readsOldest
  } as const
  const store = openStore(definition, engine, options)
  // the store does not tell sequence numbers: they are in the values
  const subOf = (value: number) => (shape === 'duplicates' ? value : 0)
  store.onChange((key, start, value, old, timestamp) =>
    told.push({ at: `${start}/${value === null ? 0 : subOf(value)}/${key}`, value, old, timestamp })
  )
  const row = ({ key, start, value, timestamp }: { start: number } & Omit<TimedRow, 'time' | 'sub'>) => ({
    key,
    time: start,
    sub: subOf(value),
    value,
    timestamp
  })
  return {
    store,
    put: ({ key, time }, value, timestamp) => store.put(key, value, time, timestamp),
    get: ({ key, time }) => store.get(key, time),
    fetch: (key, from, to, reverse) =>
      [...(reverse ? store.reverseFetch(key, from, to) : store.fetch(key, from, to))].map(row),
    fetchAll: (from, to) => {
      const rows = [...store.fetchAll(from, to)].map(row)
      expect([...store.reverseFetchAll(from, to)].map(row)).toEqual([...rows].reverse())
      return rows
    },
    inTimeOrder: (from, to) => store.fetchAllInTimeOrder(from, to).map(row),
    fetchRange: (from, to) => [...store.fetchRange(from, to, 0, never)].map(row)
  }
}

/** Random operations on a window or session store and its model. */
export async function runTimedModel(run: ModelRun, shape: Shape): Promise<void> {
  const { engine: kind, seed, goOn, directory } = run
  const cached = run.cached && shape !== 'duplicates'
  const random = new Random(seed)
  // with room for all, what has expired stays to be seen in a cached store; with little, what it was evicted from may be gone
  const roomy = seed % 2 === 1
  const options = { bufferBytes: roomy ? 1 << 24 : 8_000, freeze: true }
  const readsOldest = shape === 'window' && seed % 3 === 0
  const model = new TimedModel(retentionMs, readsOldest ? retentionMs : retentionMs - 1, cached)
  const changelog = new Changelog()
  const told: Told[] = []
  let sequence = 0
  let committedSequence = 0
  let engine = await openEngine(kind, directory)
  const store = { shape, cached, readsOldest }
  const reopen = () => open(store, engine, { ...options, log: changelog.log }, told)
  let subject = reopen()

  const expectRows = (actual: TimedRow[], expected: TimedRow[], expiredToo = false) => {
    const isSure = (row: TimedRow) => roomy || !cached || (expiredToo ? model.isKept(row) : model.isLive(row))
    expect(actual.filter(isSure)).toEqual(expected.filter(isSure))
  }
  const expectTold = (expected: Told[]) => {
    expect(told).toEqual(expected)
    told.length = 0
  }
  const flush = () => {
    subject.store.flush()
    expectTold(model.flush())
    expect(subject.store.flush()).toBe(false)
  }
  const commit = () => {
    flush()
    model.commit()
    committedSequence = sequence
    subject.store.commit(changelog.commit())
  }

  for (let step = 1; goOn(step); step++) {
    const key = random.pick(keys)
    const time = Math.max(0, (step + random.below(60) - 45) * unitMs)
    const from = time - random.below(20) * unitMs
    switch (random.below(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4: {
        const sub = shape === 'session' ? Math.max(0, time - random.below(3) * unitMs) : 0
        if (shape === 'duplicates') {
          sequence++
          const value = random.below(5) === 0 ? null : sequence
          subject.put({ key, time, sub }, value, step)
          expectTold(value === null ? [] : model.put({ key, time, sub: value, timestamp: step }, value))
          const tail = Buffer.alloc(12)
          tail.writeBigInt64BE(BigInt(time))
          tail.writeInt32BE(sequence, 8)
          expect(changelog.open.at(-1)?.key).toEqual(Buffer.concat([Buffer.from(key, 'utf8'), tail]))
          break
        }
        const value = random.below(5) === 0 ? null : step
        subject.put({ key, time, sub }, value, step)
        expectTold(model.put({ key, time, sub, timestamp: step }, value))
        break
      }
      case 5:
      case 6:
      case 7: {
        const rows = model.rows()
        const known = rows.length === 0 ? undefined : random.pick(rows)
        if (shape === 'duplicates' || known === undefined || (!roomy && !model.isLive(known))) break
        expect(subject.get(known)).toBe(known.value)
        break
      }
      case 8:
      case 9: {
        const expected = model.rows().filter((row) => {
          if (row.key !== key || row.time < from) return false
          return shape === 'session' ? row.sub <= time : row.time <= time
        })
        expectRows(subject.fetch(key, from, time, false), expected)
        expectRows(subject.fetch(key, from, time, true), [...expected].reverse())
        break
      }
      case 10: {
        const inRange = (row: TimedRow) => row.time >= from && row.time <= time
        expectRows(subject.fetchAll(from, time), model.rows().filter(inRange))
        const expiredToo = shape === 'session'
        expectRows(
          subject.inTimeOrder(from, time),
          model
            .rows(expiredToo)
            .filter(inRange)
            .sort((a, b) => a.time - b.time || a.sub - b.sub || compareRows(a, b)),
          expiredToo
        )
        break
      }
      case 11:
        expectRows(subject.fetchRange(null, null), model.rows())
        expectRows(
          subject.fetchRange('a', 'b'),
          model.rows().filter((row) => row.key >= 'a' && row.key <= 'b')
        )
        break
      case 12:
        flush()
        break
      case 13:
        commit()
        break
      case 14:
        subject.store.maintain(random.below(2))
        break
      case 15:
        if (random.below(4) > 0) break
        changelog.abort()
        model.abort()
        sequence = committedSequence
        if (random.below(2) === 0) {
          subject.store.abort()
        } else {
          if (kind !== 'memory') {
            await subject.store.close()
            engine = await openEngine(kind, directory)
          }
          model.expiredPuts = 0
          subject = reopen()
        }
        break
    }
    expect(subject.store.observedStreamTime).toBe(model.streamTime)
    expect(subject.store.expiredPuts).toBe(model.expiredPuts)
    if (subject.store.commitWanted) commit()
  }
  commit()
  const copy = open({ ...store, cached: false }, await openEngine('memory', ''), { log: undefined }, [])
  copy.store.restore(cursorOver(changelog.committed), changelog.commit())
  if (shape === 'duplicates') expect(copy.store.observedStreamTime).toBeGreaterThanOrEqual(model.streamTime)
  else expect(copy.store.observedStreamTime).toBe(model.streamTime)
  const oldest = copy.store.observedStreamTime - retentionMs + (readsOldest ? 0 : 1)
  const live = model.rows().filter((row) => row.time >= oldest)
  expect(copy.fetchRange(null, null)).toEqual(live)
  while (subject.store.maintain(10));
  const rows = engine.scanSync(Buffer.from([1]), undefined, false, 100_000)
  const perWindow = shape === 'window' ? 1 : 4
  expect(rows.length).toBeLessThanOrEqual(1.6 * (retentionMs / unitMs + 60) * keys.length * perWindow)
  await subject.store.close()
}
