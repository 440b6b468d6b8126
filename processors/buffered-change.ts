import { writeInt64 } from '../core/int64.ts'
import type { Serde } from '../core/serde.ts'
import { PartReader, writeInt32, writeNullableBytes } from '../core/serdes/nullable-bytes.ts'
import { originBytes, type RecordOrigin, readOrigin, writeOrigin } from './record-origin.ts'

/** A change of a table that is held back. Values are as they were serialised. */
export interface BufferedChange {
  /** The key's place in the buffer: the time of the first change held back, or of its window's end. */
  readonly time: number
  /** The value that everyone downstream still knows. */
  readonly prior: Buffer | null
  readonly oldValue: Buffer | null
  readonly newValue: Buffer | null
  readonly origin: RecordOrigin
}

const sameAsPrior = -2

/*
 * As Kafka Streams' suppression buffer logs it (version 3):
 *
 *   origin | int32 length, prior value | int32 length (-2: as the prior value), old value | int32 length, new value | int64 time
 *
 * where a length of -1 is null.
 */
export const bufferedChange: Serde<BufferedChange> = {
  name: 'buffered-change',
  decode(bytes, start) {
    const reader = new PartReader(bytes, start)
    const origin = readOrigin(reader)
    const prior = reader.nullableBytes()
    const length = reader.int32()
    const oldValue = length === sameAsPrior ? prior : length < 0 ? null : reader.bytes(length)
    const newValue = reader.nullableBytes()
    return { origin, prior, oldValue, newValue, time: reader.int64() }
  },
  encode({ origin, prior, oldValue, newValue, time }, target, at) {
    let end = writeOrigin(origin, target, at)
    end = writeNullableBytes(target, end, prior)
    if (oldValue !== null && prior?.equals(oldValue) === true) end = writeInt32(target, end, sameAsPrior)
    else end = writeNullableBytes(target, end, oldValue)
    end = writeNullableBytes(target, end, newValue)
    target.reserve(end, 8)
    writeInt64(target.buffer, end, time)
    return end + 8
  }
}

/** What a change counts for in the buffer's bounds, bytes. */
export function bufferedChangeBytes(keyBytes: number, change: BufferedChange): number {
  const { prior, oldValue, newValue, origin } = change
  const old = oldValue === null || prior?.equals(oldValue) === true ? 0 : oldValue.length
  return 8 + keyBytes + (prior?.length ?? 0) + old + (newValue?.length ?? 0) + originBytes(origin)
}
