import { expect } from 'vitest'
import { string } from '../../core/serdes/string.ts'
import { openEngine } from '../../state/engines/open-engine.ts'
import { openStore } from '../../state/open-store.ts'
import type { VersionedStoreDefinition } from '../../state/store-definition.ts'
import { Changelog, cursorOver } from './changelog.ts'
import { CountingJson } from './json-serde.ts'
import type { ModelRun } from './model-run.ts'
import { Random } from './random.ts'

const keys = ['', 'a', 'ab', 'a\0\0\0\0\0\0\0\u0001', 'é', 'a longer key']
const historyRetentionMs = 200_000

interface Version {
  readonly from: number
  readonly value: number | null
  /** A later version was known when this one was put: the store then remembers even a deletion as a span of time. */
  readonly spans: boolean
  /** Something says that a change happened at `from`, whatever becomes of the value: a span that ends there, or a deletion. */
  readonly marked: boolean
}

/** The versions of a key, by time. */
class History {
  versions: Version[] = []

  put(from: number, value: number | null): number | 'latest' {
    const { versions } = this
    const at = versions.findLastIndex((version) => version.from <= from)
    const before = versions[at]
    const next = versions[at + 1]
    const spans = next !== undefined
    if (next !== undefined) versions[at + 1] = { ...next, marked: true }
    if (before?.from !== from) {
      const split = before !== undefined && (before.value !== null || before.spans)
      const marked = split || (!spans && value === null)
      versions.splice(at + 1, 0, { from, value, spans, marked })
    } else if (value === null && !spans && !before.marked) versions.splice(at, 1)
    else versions[at] = { from, value, spans, marked: before.marked }
    return next?.from ?? 'latest'
  }

  asOf(time: number) {
    const index = this.versions.findLastIndex((version) => version.from <= time)
    return index < 0 ? null : this.#shown(index)
  }

  all() {
    return this.versions.flatMap((_, index) => this.#shown(index) ?? [])
  }

  #shown(index: number) {
    const version = this.versions[index]
    if (version === undefined || version.value === null) return null
    return { value: version.value, timestamp: version.from, validTo: this.versions[index + 1]?.from }
  }
}

/** Random operations on a versioned store and plain lists of versions. */
export async function runVersionedModel({ engine: kind, seed, goOn, directory }: ModelRun): Promise<void> {
  const random = new Random(seed)
  const definition: VersionedStoreDefinition<string, number> = {
    kind: 'versioned',
    name: 'prices',
    key: string(),
    value: new CountingJson<number>(),
    logged: true,
    cached: false,
    historyRetentionMs
  }
  const changelog = new Changelog()
  let now = new Map(keys.map((key) => [key, new History()]))
  let committed = new Map<string, Version[]>()
  let streamTime = -1
  let committedTime = -1
  let engine = await openEngine(kind, directory)
  const open = () => openStore(definition, engine, { log: changelog.log, bufferBytes: 20_000, freeze: true })
  let store = open()
  const history = (key: string) => now.get(key) as History
  const oldest = () => streamTime - historyRetentionMs
  const asOf = (key: string, time: number) => {
    const version = history(key).asOf(time)
    return version !== null && version.validTo !== undefined && time < oldest() ? null : version
  }
  const inRange = (key: string, from: number, to: number) =>
    history(key)
      .all()
      .filter(
        ({ timestamp, validTo }) =>
          timestamp <= to && (validTo === undefined || validTo > Math.max(from, oldest(), 0))
      )
  const commit = () => {
    store.commit(changelog.commit())
    committed = new Map([...now].map(([key, { versions }]) => [key, [...versions]]))
    committedTime = streamTime
  }

  for (let step = 1; goOn(step); step++) {
    const key = random.pick(keys)
    const time = Math.max(0, step * 1000 - random.below(300) * 1000)
    switch (random.below(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4: {
        const value = random.below(3) === 0 ? null : step
        const dropped = time < oldest()
        streamTime = Math.max(streamTime, time)
        const old = dropped ? null : asOf(key, time)
        const expected = dropped ? 'dropped' : history(key).put(time, value)
        if (value === null && random.below(2) === 0) expect(store.delete(key, time)).toEqual(old)
        else expect(store.put(key, value, time)).toBe(expected)
        expect(changelog.open.at(-1)).toEqual({
          key: Buffer.from(key, 'utf8'),
          value: value === null ? null : Buffer.from(JSON.stringify(value)),
          timestamp: time
        })
        break
      }
      case 5:
        expect(store.get(key)).toEqual(history(key).asOf(Number.MAX_SAFE_INTEGER))
        break
      case 6:
      case 7:
        expect(store.getAsOf(key, time)).toEqual(asOf(key, time))
        break
      case 8: {
        const from = time - random.below(100) * 1000
        const expected = inRange(key, from, time)
        expect(store.getRange(key, from, time, 'ascending')).toEqual(expected)
        expect(store.getRange(key, from, time, 'descending')).toEqual(expected.reverse())
        break
      }
      case 9:
        commit()
        break
      case 10:
        store.maintain(random.below(2))
        break
      case 11:
        if (random.below(4) > 0) break
        changelog.abort()
        streamTime = committedTime
        now = new Map(
          keys.map((name) => {
            const restored = new History()
            restored.versions = [...(committed.get(name) ?? [])]
            return [name, restored]
          })
        )
        if (random.below(2) === 0) {
          store.abort()
        } else {
          if (kind !== 'memory') {
            await store.close()
            engine = await openEngine(kind, directory)
          }
          store = open()
        }
        break
    }
    expect(store.observedStreamTime).toBe(streamTime)
    if (store.commitWanted) commit()
  }
  commit()
  const copy = openStore(definition, await openEngine('memory', ''), { log: undefined })
  copy.restore(cursorOver(changelog.committed), changelog.commit())
  for (const key of keys) {
    const expected = inRange(key, 0, streamTime)
    expect(copy.getRange(key, 0, streamTime, 'ascending')).toEqual(expected)
    expect(store.getRange(key, 0, streamTime, 'ascending')).toEqual(expected)
  }
  while (store.maintain(10));
  await store.close()
}
