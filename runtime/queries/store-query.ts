import { StreamsError } from '../../core/errors.ts'
import type { Serde } from '../../core/serde.ts'
import type { KeyValueStore } from '../../state/key-value-store.ts'
import type { SessionStore } from '../../state/session-store.ts'
import type { StateStore } from '../../state/state-store.ts'
import type { StoreDefinition } from '../../state/store-definition.ts'
import type { VersionedStore } from '../../state/versioned-store.ts'
import type { WindowStore } from '../../state/window-store.ts'
import { jsonText, keyOfText, textOfKey } from './key-text.ts'

/**
 * `committed`: what the last commit left; under exactly-once nothing else is sure to stay. `merged`: what the task itself sees, uncommitted
 * changes included.
 */
export type StoreView = 'committed' | 'merged'

/** Of one key: its value, or its windows, sessions or versions. Keys as `keyOfText` has them, times in ms. */
export interface KeyQuestion {
  readonly key: string
  /** Windows that start from then to then; sessions and versions that overlap it. Default: all. */
  readonly fromMs?: number
  readonly toMs?: number
  /** Most entries of the answer. */
  readonly limit: number
}

/** Of the keys from `from` to `to`, both included, in the order of their bytes. */
export interface RangeQuestion {
  readonly from?: string
  readonly to?: string
  readonly reverse?: boolean
  /** The last key of the page before. */
  readonly after?: string
  readonly limit: number
}

/** An entry in a form that JSON has. */
export interface StoreEntry {
  readonly key: unknown
  readonly value: unknown
  /** Event time of the record that it came from, ms. */
  readonly timestamp: number
  /** Of windows and sessions, ms. */
  readonly start?: number
  readonly end?: number
  /** Of versions: until when it was valid, ms; null for the latest. */
  readonly validTo?: number | null
}

export interface StorePage {
  readonly entries: readonly StoreEntry[]
  /** There are more after the last one. */
  readonly more: boolean
  /**
   * The next changelog offset of the commit that was read; the same in two answers of a task: nothing changed in between (as KIP-796's position).
   * Undefined: the store has no changelog, or nothing was committed yet.
   */
  readonly position: number | undefined
  /** The last entry's key in the form that `RangeQuestion.after` takes. */
  readonly lastKey: string | undefined
}

/** A page ends with the entry that exceeds it. */
const mostPageBytes = 4 * 1024 * 1024

const farthest = Number.MAX_SAFE_INTEGER - 1

/** Answers at once, from one snapshot: nothing is committed while it reads. Throws DESERIALIZATION for a key that is none of the store's. */
export function askForKey(
  store: StateStore,
  { kind, key: serde }: StoreDefinition,
  view: StoreView,
  { key: text, fromMs = 0, toMs = farthest, limit }: KeyQuestion
): StorePage {
  const key = keyOfText(serde, text)
  const read = viewOf(store, view)
  switch (kind) {
    case 'key-value': {
      const entry = (read as unknown as KeyValueStore<unknown, unknown>).entry(key)
      return pageOf(read, serde, entry === null ? [] : [{ key, ...entry }], limit)
    }
    case 'window':
      return pageOf(
        read,
        serde,
        (read as unknown as WindowStore<unknown, unknown>).fetch(key, fromMs, toMs),
        limit
      )
    case 'session': {
      const sessions = (read as unknown as SessionStore<unknown, unknown>).findSessions(key, fromMs, toMs)
      return pageOf(read, serde, sessions, limit)
    }
    case 'versioned': {
      const versions = (read as unknown as VersionedStore<unknown, unknown>).getRange(
        key,
        fromMs,
        toMs,
        'descending'
      )
      const entries = versions.map(({ value, timestamp, validTo = null }) => ({
        key,
        value,
        timestamp,
        validTo
      }))
      return pageOf(read, serde, entries, limit)
    }
  }
}

/** A page of a key-value store. Throws STORE_UNKNOWN for a store of another kind, DESERIALIZATION. */
export function askForRange(
  store: StateStore,
  { kind, name, key: serde }: StoreDefinition,
  view: StoreView,
  { from, to, reverse = false, after, limit }: RangeQuestion
): StorePage {
  if (kind !== 'key-value')
    throw new StreamsError('STORE_UNKNOWN', `"${name}" is a ${kind} store: ask for its keys one by one`)
  const read = viewOf(store, view)
  const keys = read as unknown as KeyValueStore<unknown, unknown>
  const bound = (text: string | undefined) => (text === undefined ? null : keyOfText(serde, text))
  const low = bound(reverse ? from : (after ?? from))
  const high = bound(reverse ? (after ?? to) : to)
  const found = reverse ? keys.reverseRange(low, high) : keys.range(low, high)
  return pageOf(
    read,
    serde,
    after === undefined ? found : without(found, (key) => textOfKey(serde, key) === after),
    limit
  )
}

function viewOf(store: StateStore, view: StoreView): StateStore {
  return view === 'committed' ? store.committed() : store
}

function pageOf(
  store: StateStore,
  serde: Serde<unknown>,
  found: Iterable<StoreEntry>,
  limit: number
): StorePage {
  const entries: StoreEntry[] = []
  let more = false
  let bytes = 0
  let last: unknown
  for (const { key, value, ...times } of found) {
    if (entries.length === limit || bytes > mostPageBytes) {
      more = true
      break
    }
    const text = jsonText({ key, value })
    bytes += text.length
    last = key
    entries.push({ ...(JSON.parse(text) as Pick<StoreEntry, 'key' | 'value'>), ...times })
  }
  const lastKey = entries.length === 0 ? undefined : textOfKey(serde, last)
  const { checkpoint } = store
  return { entries, more, position: checkpoint?.topicId ? checkpoint.offset : undefined, lastKey }
}

/** The page before ended with it. */
function* without(
  entries: Iterable<StoreEntry>,
  seen: (key: unknown) => boolean
): Generator<StoreEntry, undefined, undefined> {
  for (const entry of entries) if (!seen(entry.key)) yield entry
}
