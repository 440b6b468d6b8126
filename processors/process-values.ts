import { StreamsError } from '../core/errors.ts'
import type { Forward, Operator } from './operator.ts'
import { type Processor, process } from './process.ts'

declare const fixed: unique symbol

/** A key that came with a record. Usable as what it is; only the record's own is of this type, so no other one can be forwarded. */
export type FixedKey<K> = K extends null | undefined ? K : K & { readonly [fixed]: true }

/**
 * A user's own step that leaves the key as it is, so that nothing after it is repartitioned (KIP-820, `FixedKeyProcessor`). It forwards
 * `{ ...record, value }` while it processes that record; another key does not compile, and throws TOPOLOGY_INVALID.
 */
export type FixedKeyProcessor<K, VIn, VOut> = Processor<FixedKey<K>, VIn, FixedKey<K>, VOut>

const noRecord = Symbol('no record')

export function processValues<K, VIn, VOut>(
  make: () => FixedKeyProcessor<K, VIn, VOut>,
  storeNames: readonly string[]
): Operator<K, VIn, K, VOut> {
  return (downstream, context, children) => {
    let current: unknown = noRecord
    const sameKey =
      (forward: Forward<unknown, unknown>): Forward<unknown, unknown> =>
      (value, key, timestamp, headers) => {
        if (!Object.is(key, current)) throw otherKey(current === noRecord)
        forward(value, key, timestamp, headers)
      }
    const next = sameKey(downstream as Forward<unknown, unknown>)
    const ways = new Map([...children].map(([name, child]) => [name, sameKey(child)]))
    const step = process(make, storeNames)(next, context, ways) as Forward<unknown, unknown>
    return (value, key, timestamp, headers) => {
      current = key
      try {
        step(value, key, timestamp, headers)
      } finally {
        current = noRecord
      }
    }
  }
}

function otherKey(outside: boolean): StreamsError {
  return new StreamsError(
    'TOPOLOGY_INVALID',
    outside
      ? 'a processor given to processValues forwards only while it processes a record: use process instead'
      : 'a processor given to processValues must leave the key as it is: use process instead'
  )
}
