import { copyBytes } from '../core/bytes.ts'
import type { Serde } from '../core/serde.ts'
import { writeInt32 } from '../core/serdes/nullable-bytes.ts'

/** What a subscription asks of the foreign table. */
export const instruction = {
  /** Forget the subscription and say nothing. */
  unsubscribe: 0,
  /** Forget it and answer that there is no row. */
  unsubscribeAndTell: 1,
  /** Keep it and answer, also that there is no row. */
  tell: 2,
  /** Keep it and answer if there is a row. */
  tellIfPresent: 3
} as const

export type Instruction = (typeof instruction)[keyof typeof instruction]

/** Sent to the foreign table's partition of the row's foreign key. */
export interface Subscription<K> {
  /** Of the row's value, by which late answers are told; null for a deleted row. */
  readonly hash: Buffer | null
  readonly instruction: Instruction
  readonly primaryKey: K
  readonly partition: number
}

const version = 1
const withoutHash = 0x80
const hashBytes = 16

/*
 * As Kafka Streams' SubscriptionWrapperSerde writes it (version 1):
 *
 *   version, with the highest bit set when there is no hash | instruction | 16 bytes hash | primary key | int32 partition
 */
export function subscription<K>(key: Serde<K>): Serde<Subscription<K>> {
  return {
    name: `subscription(${key.name})`,
    decode(bytes, start, end) {
      const head = bytes[start] as number
      const hashed = (head & withoutHash) === 0
      const keyAt = start + 2 + (hashed ? hashBytes : 0)
      return {
        hash: hashed ? Buffer.from(bytes.subarray(start + 2, keyAt)) : null,
        instruction: bytes[start + 1] as Instruction,
        primaryKey: key.decode(bytes, keyAt, end - 4),
        partition: bytes.readInt32BE(end - 4)
      }
    },
    encode(value, target, at) {
      const { hash } = value
      target.reserve(at, 2 + hashBytes)
      target.buffer[at] = hash === null ? version | withoutHash : version
      target.buffer[at + 1] = value.instruction
      const keyAt = hash === null ? at + 2 : copyBytes(hash, 0, hashBytes, target.buffer, at + 2)
      return writeInt32(target, key.encode(value.primaryKey, target, keyAt), value.partition)
    }
  }
}

/** The foreign table's answer to a subscription, sent back to the partition of the primary key. */
export interface SubscriptionResponse<V> {
  readonly hash: Buffer | null
  readonly value: V | null
}

/*
 * As its SubscriptionResponseWrapperSerde writes it (version 0): version, likewise | 16 bytes hash | value bytes
 */
export function subscriptionResponse<V>(inner: Serde<V>): Serde<SubscriptionResponse<V>> {
  return {
    name: `subscription-response(${inner.name})`,
    decode(bytes, start, end) {
      const hashed = ((bytes[start] as number) & withoutHash) === 0
      const valueAt = start + 1 + (hashed ? hashBytes : 0)
      return {
        hash: hashed ? Buffer.from(bytes.subarray(start + 1, valueAt)) : null,
        value: valueAt < end ? inner.decode(bytes, valueAt, end) : null
      }
    },
    encode({ hash, value }, target, at) {
      target.reserve(at, 1 + hashBytes)
      target.buffer[at] = hash === null ? withoutHash : 0
      const valueAt = hash === null ? at + 1 : copyBytes(hash, 0, hashBytes, target.buffer, at + 1)
      return value === null ? valueAt : inner.encode(value, target, valueAt)
    }
  }
}

/** A subscription's place in its store: all of a foreign key lie together. */
export interface SubscriptionKey<FK, K> {
  readonly foreignKey: FK
  /** Undefined stands before all of the foreign key. */
  readonly primaryKey: K | undefined
}

/* As its CombinedKeySchema writes it: int32 length of the foreign key | foreign key | primary key */
export function subscriptionKey<FK, K>(foreign: Serde<FK>, primary: Serde<K>): Serde<SubscriptionKey<FK, K>> {
  return {
    name: `subscription-key(${foreign.name}, ${primary.name})`,
    decode(bytes, start, end) {
      const middle = start + 4 + bytes.readInt32BE(start)
      return {
        foreignKey: foreign.decode(bytes, start + 4, middle),
        primaryKey: primary.decode(bytes, middle, end)
      }
    },
    encode({ foreignKey, primaryKey }, target, at) {
      target.reserve(at, 4)
      const middle = foreign.encode(foreignKey, target, at + 4)
      writeInt32(target, at, middle - at - 4)
      return primaryKey === undefined ? middle : primary.encode(primaryKey, target, middle)
    }
  }
}
