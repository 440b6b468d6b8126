import type { ReadOnlyKeyValueStore } from '../state/key-value-store.ts'

/** What vitest and jest hand to a matcher, as far as it is needed here. */
interface MatcherContext {
  equals(actual: unknown, expected: unknown): boolean
}

interface MatcherResult {
  readonly pass: boolean
  readonly message: () => string
  readonly actual: unknown
  readonly expected: unknown
}

/** The fields of a record that matter to a test; those that are left out may be anything. */
export type ExpectedRecord = Readonly<Record<string, unknown>>

/**
 * The matchers' types:
 *
 *   declare module 'vitest' {
 *     interface Matchers<R> extends StreamMatchers<R> {}
 *   }
 */
export interface StreamMatchers<R> {
  /** The records, as `read`, `readBytes` and `deadLetters` give them, are these, in this order, and no more. */
  toHaveRecords(expected: readonly ExpectedRecord[]): R
  /** The rows of a key-value store, or of what `readTable` gives, are these in any order, and no more. */
  toHaveRows(expected: Iterable<readonly [key: unknown, value: unknown]>): R
}

function toHaveRecords(
  this: MatcherContext,
  received: unknown,
  expected: readonly ExpectedRecord[]
): MatcherResult {
  if (!Array.isArray(received))
    throw new TypeError('toHaveRecords is for a list of records, e.g. driver.read(topic)')
  // of each record what is asked for; of one that nobody expected all
  const actual = received.map((record: ExpectedRecord, index) => {
    const wanted = expected[index]
    return wanted === undefined
      ? record
      : Object.fromEntries(Object.keys(wanted).map((field) => [field, record[field]]))
  })
  return {
    pass: this.equals(actual, expected),
    message: () => `expected ${expected.length} records as given, found ${received.length}`,
    actual,
    expected
  }
}

function toHaveRows(
  this: MatcherContext,
  received: unknown,
  expected: Iterable<readonly [key: unknown, value: unknown]>
): MatcherResult {
  const actual = rowsOf(received)
  // in the order of what is there, so that a difference shows what differs
  const missing = [...expected]
  const count = missing.length
  const found: (readonly [unknown, unknown])[] = []
  for (const row of actual) {
    const at = missing.findIndex(([key]) => this.equals(row[0], key))
    if (at >= 0) found.push(...missing.splice(at, 1))
  }
  const ordered = [...found, ...missing]
  return {
    pass: this.equals(actual, ordered),
    message: () => `expected ${count} rows as given, found ${actual.length}`,
    actual,
    expected: ordered
  }
}

function rowsOf(received: unknown): [unknown, unknown][] {
  if (received instanceof Map) return [...received]
  const store = received as Partial<ReadOnlyKeyValueStore<unknown, unknown>> | undefined
  if (typeof store?.all !== 'function')
    throw new TypeError('toHaveRows is for a key-value store or a Map, e.g. driver.readTable(topic)')
  return Array.from(store.all(), ({ key, value }) => [key, value])
}

/** Matchers for vitest (and jest): `expect.extend(streamMatchers)`. */
export const streamMatchers = { toHaveRecords, toHaveRows }
