import {
  type ReadOnlyKeyValueStore,
  type ReadOnlySessionStore,
  type ReadOnlyVersionedStore,
  type ReadOnlyWindowStore,
  type Serde,
  StreamsError
} from '../index.ts'
import type { StateStore } from '../state/state-store.ts'
import type { StoreDefinition } from '../state/store-definition.ts'

/** An entry of any kind of store. Times are event times, ms. */
export interface StoredEntry {
  readonly key: unknown
  readonly value: unknown
  readonly timestamp: number
  /** Of a window or a session. */
  readonly start?: number
  /** Of a session. */
  readonly end?: number
  /** Of a version: until when it was valid; undefined for the latest. */
  readonly validTo?: number | undefined
}

/** All entries with from <= key <= to, by the bytes of their keys. Null bounds are open. Throws CONFIG_INVALID for a versioned store. */
export function entriesBetween(
  store: StateStore,
  { name, kind }: StoreDefinition,
  from: unknown,
  to: unknown
): Iterable<StoredEntry> {
  switch (kind) {
    case 'key-value':
      return (store as unknown as ReadOnlyKeyValueStore<unknown, unknown>).range(from, to)
    case 'window':
      return (store as unknown as ReadOnlyWindowStore<unknown, unknown>).fetchRange(
        from,
        to,
        0,
        Number.MAX_SAFE_INTEGER
      )
    case 'session':
      return (store as unknown as ReadOnlySessionStore<unknown, unknown>).fetchRange(from, to)
    case 'versioned':
      throw new StreamsError('CONFIG_INVALID', `${name} keeps versions of each key: use state get`)
  }
}

/** What a store has of one key: its value, its windows, its sessions, its versions. */
export function entriesOfKey(
  store: StateStore,
  definition: StoreDefinition,
  key: unknown
): Iterable<StoredEntry> {
  if (definition.kind !== 'versioned') return entriesBetween(store, definition, key, key)
  const versioned = store as unknown as ReadOnlyVersionedStore<unknown, unknown>
  return versioned
    .getRange(key, 0, Number.MAX_SAFE_INTEGER, 'ascending')
    .map((version) => ({ key, ...version }))
}

/** Reads a key as it is written on a command line: text, a number, hexadecimal bytes, or JSON. Throws CONFIG_INVALID. */
export function parseKey(text: string, serde: Serde<unknown>): unknown {
  const wrong = (what: string) =>
    new StreamsError('CONFIG_INVALID', `"${text}" is no key of this store: its keys are ${what}`)
  switch (serde.name) {
    case 'string':
    case 'uuid':
      return text
    case 'int16':
    case 'int32':
    case 'integer':
    case 'float64': {
      const number = Number(text)
      if (text === '' || Number.isNaN(number)) throw wrong(`numbers (${serde.name})`)
      return number
    }
    case 'int64':
      if (!/^-?\d+$/.test(text)) throw wrong('whole numbers (int64)')
      return BigInt(text)
    case 'bytes':
      if (!/^([0-9a-f]{2})*$/i.test(text)) throw wrong('bytes, written in hexadecimal')
      return Buffer.from(text, 'hex')
    case 'json':
      try {
        return JSON.parse(text)
      } catch {
        throw wrong('JSON; mind the quotes')
      }
    default:
      throw new StreamsError(
        'CONFIG_INVALID',
        `keys written as ${serde.name} cannot be named here: use state scan`
      )
  }
}

/** An entry as one line of JSON: bytes in hexadecimal, integers beyond 2^53 in decimal text. */
export function entryJson(entry: object): string {
  return JSON.stringify(entry, (_, value: unknown) => {
    if (typeof value === 'bigint') return String(value)
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
    // a Buffer is turned into this before it comes here
    if (isBufferJson(value)) return Buffer.from(value.data).toString('hex')
    return value
  })
}

function isBufferJson(
  value: unknown
): value is { readonly type: 'Buffer'; readonly data: readonly number[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    value.type === 'Buffer' &&
    'data' in value &&
    Array.isArray(value.data)
  )
}
