import { StreamsError } from '../errors.ts'
import type { Serde } from '../serde.ts'

/*
 * int16 (2 bytes, big-endian, two's complement), as Kafka's ShortSerializer writes it.
 */
const short: Serde<number> = {
  name: 'int16',
  decode(bytes, start, end) {
    if (end - start !== 2)
      throw new StreamsError('DESERIALIZATION', `an int16 takes 2 bytes, not ${end - start}`)
    return bytes.readInt16BE(start)
  },
  encode(value, target, at) {
    if (!Number.isInteger(value) || value < -0x8000 || value > 0x7fff)
      throw new StreamsError('SERIALIZATION', `${value} is no integer of 16 bits`)
    target.reserve(at, 2)
    return target.buffer.writeInt16BE(value, at)
  }
}

/** Whole numbers of 16 bits, in the 2 bytes of Kafka's `Short`. */
export function int16(): Serde<number> {
  return short
}
