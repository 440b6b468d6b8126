import { StreamsError } from '../errors.ts'
import { readInt64, writeInt64 } from '../int64.ts'
import type { Serde } from '../serde.ts'

/*
 * int64 (8 bytes, big-endian, two's complement), as Kafka's LongSerializer writes it.
 */
const long: Serde<number> = {
  name: 'integer',
  decode(bytes, start, end) {
    if (end - start !== 8)
      throw new StreamsError('DESERIALIZATION', `an integer takes 8 bytes, not ${end - start}`)
    const value = readInt64(bytes, start)
    if (!Number.isSafeInteger(value))
      throw new StreamsError('DESERIALIZATION', `the integer ${bytes.readBigInt64BE(start)} is beyond 2^53`)
    return value
  },
  encode(value, target, at) {
    if (!Number.isSafeInteger(value))
      throw new StreamsError('SERIALIZATION', `${value} is not an integer within 2^53`)
    target.reserve(at, 8)
    writeInt64(target.buffer, at, value)
    return at + 8
  }
}

/** Whole numbers within ±2^53, in the 8 bytes of Kafka's `Long`. Numbers beyond throw instead of losing digits. */
export function integer(): Serde<number> {
  return long
}
