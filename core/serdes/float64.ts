import { StreamsError } from '../errors.ts'
import type { Serde } from '../serde.ts'

/*
 * float64 (8 bytes, big-endian, IEEE 754), as Kafka's DoubleSerializer writes it.
 */
const double: Serde<number> = {
  name: 'float64',
  decode(bytes, start, end) {
    if (end - start !== 8)
      throw new StreamsError('DESERIALIZATION', `a float64 takes 8 bytes, not ${end - start}`)
    return bytes.readDoubleBE(start)
  },
  encode(value, target, at) {
    if (typeof value !== 'number') throw new StreamsError('SERIALIZATION', `${value} is no number`)
    target.reserve(at, 8)
    // one form of not-a-number for all, as Java's: equal keys must have equal bytes
    return Number.isNaN(value)
      ? target.buffer.writeBigInt64BE(0x7ff8000000000000n, at)
      : target.buffer.writeDoubleBE(value, at)
  }
}

/** Any number, NaN and the infinities too, in the 8 bytes of Kafka's `Double`. As keys, 0 and -0 are two. */
export function float64(): Serde<number> {
  return double
}
