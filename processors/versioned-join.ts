import { GrowableBytes } from '../core/bytes.ts'
import { readInt64, writeInt64 } from '../core/int64.ts'
import type { Serde } from '../core/serde.ts'
import type { BufferedKeyValueStore } from '../state/stores/key-value.ts'
import type { BufferedChange } from './buffered-change.ts'
import type { Forward, Operator } from './operator.ts'
import { originOf } from './record-origin.ts'

/** A stream record's place in the buffer of a join with grace. */
export interface WaitingKey<K> {
  readonly time: number
  readonly key: K
  readonly sequence: number
}

/* As Kafka Streams' buffer writes it: 0 | int64 time | key | int32 sequence */
export function waitingKey<K>(key: Serde<K>): Serde<WaitingKey<K>> {
  return {
    name: `waiting(${key.name})`,
    decode: (bytes, start, end) => ({
      time: readInt64(bytes, start + 1),
      key: key.decode(bytes, start + 9, end - 4),
      sequence: bytes.readInt32BE(end - 4)
    }),
    encode(value, target, at) {
      target.reserve(at, 9)
      target.buffer[at] = 0
      writeInt64(target.buffer, at + 1, value.time)
      const end = key.encode(value.key, target, at + 9)
      target.reserve(end, 4)
      return target.buffer.writeInt32BE(value.sequence, end)
    }
  }
}

/**
 * Before a join with a versioned table: records wait until stream time has passed them by the grace, so that the table has what belongs to
 * their time, and go on in order of time. Later ones go on at once.
 */
export function waitForTable<K, V>(
  storeName: string,
  graceMs: number,
  valueSerde: Serde<V>,
  left: boolean
): Operator<K, V, K, V> {
  return (downstream: Forward<K, V>, context) => {
    const store = context.store(storeName) as unknown as BufferedKeyValueStore<WaitingKey<K>, BufferedChange>
    const scratch = new GrowableBytes(256)
    /** The highest time of a record that had to wait. */
    let observed: number = context.keepTime(storeName, () => observed)
    let sequence = 0
    for (const { key } of store.all()) if (key.sequence > sequence) sequence = key.sequence
    /** None waits before it: what has gone on is passed over, of which the store knows until the next commit. Undefined: not known yet. */
    let first: WaitingKey<K> | undefined
    const isBefore = (one: WaitingKey<K>, other: WaitingKey<K>) =>
      one.time === other.time ? store.keyText(one) < store.keyText(other) : one.time < other.time
    const goOn = (waiting: WaitingKey<K>, { newValue, origin }: BufferedChange) => {
      const bytes = newValue as Buffer
      downstream(valueSerde.decode(bytes, 0, bytes.length), waiting.key, origin.timestamp, origin.headers)
      store.delete(waiting, context.wallClock())
    }
    return (value, key, timestamp, headers) => {
      if (value === null || value === undefined) return context.dropped('null-value')
      if (key === null || key === undefined) {
        if (left) downstream(value, key, timestamp, headers)
        else context.dropped('null-key')
        return
      }
      if (timestamp < observed - graceMs) return downstream(value, key, timestamp, headers)
      if (timestamp > observed) observed = timestamp
      const end = valueSerde.encode(value, scratch, 0)
      sequence = sequence === 0x7fffffff ? 0 : sequence + 1
      const waits = { time: timestamp, key, sequence }
      const change = {
        time: 0,
        prior: null,
        oldValue: null,
        newValue: Buffer.from(scratch.buffer.subarray(0, end)),
        origin: originOf(context, timestamp, headers)
      }
      store.put(waits, change, context.wallClock())
      const due = observed - graceMs
      if (first !== undefined && isBefore(waits, first)) {
        const known = first
        first = waits
        if (timestamp > due) return
        goOn(waits, change)
        first = known
      }
      if (first !== undefined && first.time > due) return
      for (const { key: waiting, value: held } of store.range(first ?? null, null)) {
        first = waiting
        if (waiting.time > due) return
        goOn(waiting, held)
      }
    }
  }
}
