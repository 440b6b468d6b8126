import { expect } from 'vitest'
import { string } from '../../core/serdes/string.ts'
import { openEngine } from '../../state/engines/open-engine.ts'
import { openStore } from '../../state/open-store.ts'
import type { KeyValueStoreDefinition } from '../../state/store-definition.ts'
import type { BufferedKeyValueStore } from '../../state/stores/key-value.ts'
import { Changelog, cursorOver } from './changelog.ts'
import { CountingJson } from './json-serde.ts'
import { TextKeys } from './keys-ahead.ts'
import type { ModelRun } from './model-run.ts'
import { Random } from './random.ts'

type Value = { readonly n: number; readonly text: string }
type Model = Map<string, { value: Value; timestamp: number }>

const keys = [
  '',
  '\0',
  'a',
  'a\0',
  'ab',
  'b',
  'é',
  'z',
  '\u00ff',
  'ÿÿ',
  '日本',
  '😀',
  ...'cdefghijklmnopqrstuvw'
]

/** Keys in the order of their UTF-8 bytes. */
function sorted(model: Model, from: string | null, to: string | null) {
  const at = (key: string) => Buffer.from(key, 'utf8')
  return [...model]
    .filter(([key]) => from === null || Buffer.compare(at(key), at(from)) >= 0)
    .filter(([key]) => to === null || Buffer.compare(at(key), at(to)) <= 0)
    .sort(([a], [b]) => Buffer.compare(at(a), at(b)))
    .map(([key, { value, timestamp }]) => ({ key, value, timestamp }))
}

/** Random operations on a key-value store and a plain map. */
export async function runKeyValueModel({
  engine: kind,
  cached,
  seed,
  goOn,
  directory
}: ModelRun): Promise<void> {
  const random = new Random(seed)
  const definition: KeyValueStoreDefinition<string, Value> = {
    kind: 'key-value',
    name: 'totals',
    key: string(),
    value: new CountingJson<Value>(),
    logged: true,
    cached
  }
  const changelog = new Changelog()
  let now: Model = new Map()
  let flushed: Model = new Map()
  let committed: Model = new Map()
  /** Keys in the order of their last changes. */
  let dirty = new Set<string>()
  const forwarded: string[] = []
  let engine = await openEngine(kind, directory)

  const open = (): BufferedKeyValueStore<string, Value> => {
    const opened = openStore(definition, engine, { log: changelog.log, bufferBytes: 5_000, freeze: true })
    opened.onChange((key, value, old, timestamp) => {
      forwarded.push(key)
      expect(old).toEqual(flushed.get(key)?.value ?? null)
      expect(value).toEqual(now.get(key)?.value ?? null)
      // the record was logged before
      const logged = changelog.open.at(-1)
      expect(logged).toEqual({
        key: Buffer.from(key, 'utf8'),
        value: value === null ? null : Buffer.from(JSON.stringify(value)),
        timestamp
      })
      const entry = now.get(key)
      if (entry === undefined) flushed.delete(key)
      else flushed.set(key, entry)
    })
    return opened
  }
  let store = open()

  const change = (key: string, value: Value | null, timestamp: number, act: () => void): void => {
    dirty.delete(key)
    dirty.add(key)
    if (value === null) now.delete(key)
    else now.set(key, { value, timestamp })
    forwarded.length = 0
    act()
    if (!cached) {
      expect(forwarded).toEqual([key])
      dirty.clear()
    } else expect(forwarded).toEqual([])
  }
  const flush = (): void => {
    const expected = [...dirty].filter((key) => now.has(key) || flushed.has(key))
    forwarded.length = 0
    expect(store.flush()).toBe(dirty.size > 0)
    expect(forwarded).toEqual(expected)
    expect(store.flush()).toBe(false)
    dirty = new Set()
  }
  const commit = (): void => {
    flush()
    const checkpoint = changelog.commit()
    store.commit(checkpoint)
    committed = new Map(now)
    expect(store.checkpoint).toEqual(checkpoint)
    expect(store.bufferedBytes).toBeLessThanOrEqual(5_000)
    expect(store.commitWanted).toBe(false)
  }
  const forget = (): void => {
    changelog.abort()
    now = new Map(committed)
    flushed = new Map(committed)
    dirty = new Set()
  }

  for (let step = 0; goOn(step); step++) {
    const key = random.pick(keys)
    const value: Value = { n: step, text: 'x'.repeat(random.below(60)) }
    switch (random.below(16)) {
      case 0:
      case 1:
      case 2:
        change(key, value, step, () => store.put(key, value, step))
        break
      case 3:
        change(key, null, step, () => store.put(key, null, step))
        break
      case 4: {
        const old = now.get(key)?.value ?? null
        change(key, null, step, () => expect(store.delete(key, step)).toEqual(old))
        break
      }
      case 5: {
        const old = now.get(key)?.value ?? null
        const act = () => expect(store.putIfAbsent(key, value, step)).toEqual(old)
        if (old === null) change(key, value, step, act)
        else act()
        break
      }
      case 6:
      case 7:
        expect(store.get(key)).toEqual(now.get(key)?.value ?? null)
        expect(store.entry(key)).toEqual(now.get(key) ?? null)
        break
      case 8:
      case 9: {
        const [from, to] = [random.pick([null, ...keys]), random.pick([null, ...keys])]
        const expected = sorted(now, from, to)
        expect([...store.range(from, to)]).toEqual(expected)
        expect([...store.reverseRange(from, to)]).toEqual(expected.reverse())
        break
      }
      case 10:
        expect([...store.all()]).toEqual(sorted(now, null, null))
        break
      case 11:
        flush()
        break
      case 12:
        commit()
        break
      case 13:
        store.prefetch(new TextKeys([random.pick(keys), random.pick(keys), key, key]), random.below(5))
        break
      case 14:
        if (random.below(3) > 0) break
        store.abort()
        forget()
        break
      case 15:
        if (random.below(4) > 0) break
        forget()
        if (kind !== 'memory') {
          await store.close()
          engine = await openEngine(kind, directory)
        }
        store = open()
        expect(store.checkpoint?.offset ?? 0).toBe(changelog.committed.length)
        break
    }
    if (store.commitWanted) commit()
  }
  commit()
  // the changelog alone must give the same store
  const copy = openStore(definition, await openEngine('memory', ''), { log: undefined })
  expect(copy.restore(cursorOver(changelog.committed), changelog.commit())).toBe(changelog.committed.length)
  expect([...copy.all()]).toEqual(sorted(committed, null, null))
  expect([...store.all()]).toEqual(sorted(committed, null, null))
  await store.close()
}
