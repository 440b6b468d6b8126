import { StreamsError } from '../errors.ts'
import type { Serde } from '../serde.ts'

const least = -(2n ** 63n)
const most = 2n ** 63n - 1n

/*
 * int64 (8 bytes, big-endian, two's complement), as Kafka's LongSerializer writes it.
 */
const long: Serde<bigint> = {
  name: 'int64',
  decode(bytes, start, end) {
    if (end - start !== 8)
      throw new StreamsError('DESERIALIZATION', `an int64 takes 8 bytes, not ${end - start}`)
    return bytes.readBigInt64BE(start)
  },
  encode(value, target, at) {
    if (typeof value !== 'bigint' || value < least || value > most)
      throw new StreamsError('SERIALIZATION', `${value} is no bigint of 64 bits`)
    target.reserve(at, 8)
    return target.buffer.writeBigInt64BE(value, at)
  }
}

/**
 * Whole numbers of 64 bits as bigint, in the 8 bytes of Kafka's `Long`: all that a Java application may write. Where they stay within ±2^53,
 * `integer()` reads and writes the same bytes as numbers, which are faster.
 */
export function int64(): Serde<bigint> {
  return long
}
