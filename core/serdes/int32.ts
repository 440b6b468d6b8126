import { StreamsError } from '../errors.ts'
import type { Serde } from '../serde.ts'

/*
 * int32 (4 bytes, big-endian, two's complement), as Kafka's IntegerSerializer writes it.
 */
const int: Serde<number> = {
  name: 'int32',
  decode(bytes, start, end) {
    if (end - start !== 4)
      throw new StreamsError('DESERIALIZATION', `an int32 takes 4 bytes, not ${end - start}`)
    return bytes.readInt32BE(start)
  },
  encode(value, target, at) {
    if (!Number.isInteger(value) || value < -0x80000000 || value > 0x7fffffff)
      throw new StreamsError('SERIALIZATION', `${value} is no integer of 32 bits`)
    target.reserve(at, 4)
    return target.buffer.writeInt32BE(value, at)
  }
}

/** Whole numbers of 32 bits, in the 4 bytes of Kafka's `Integer`. */
export function int32(): Serde<number> {
  return int
}
