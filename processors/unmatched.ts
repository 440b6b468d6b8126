import { readInt64, writeInt64 } from '../core/int64.ts'
import type { Serde } from '../core/serde.ts'
import { list } from '../core/serdes/list.ts'

/** A record of an outer join that has found no partner yet. */
export interface UnmatchedKey<K> {
  readonly timestamp: number
  readonly left: boolean
  readonly key: K
}

export type UnmatchedValue<L, R> = { readonly left: L } | { readonly right: R }

/*
 * As Kafka Streams' TimestampedKeyAndJoinSideSerializer writes it: int64 timestamp | 1 for the left side, 0 for the right | key
 */
export function unmatchedKey<K>(key: Serde<K>): Serde<UnmatchedKey<K>> {
  return {
    name: `unmatched(${key.name})`,
    decode: (bytes, start, end) => ({
      timestamp: readInt64(bytes, start),
      left: bytes[start + 8] === 1,
      key: key.decode(bytes, start + 9, end)
    }),
    encode(value, target, at) {
      target.reserve(at, 9)
      writeInt64(target.buffer, at, value.timestamp)
      target.buffer[at + 8] = value.left ? 1 : 0
      return key.encode(value.key, target, at + 9)
    }
  }
}

/*
 * All such records of one key and time, as its ListSerializer and LeftOrRightValueSerializer write them; each is 1 for the left side, 0
 * for the right | value
 */
export function unmatchedValues<L, R>(
  left: Serde<L>,
  right: Serde<R>
): Serde<readonly UnmatchedValue<L, R>[]> {
  return list<UnmatchedValue<L, R>>({
    name: 'left-or-right',
    decode: (bytes, start, end) =>
      bytes[start] === 1
        ? { left: left.decode(bytes, start + 1, end) }
        : { right: right.decode(bytes, start + 1, end) },
    encode(value, target, at) {
      target.reserve(at, 1)
      target.buffer[at] = 'left' in value ? 1 : 0
      return 'left' in value
        ? left.encode(value.left, target, at + 1)
        : right.encode(value.right, target, at + 1)
    }
  })
}
