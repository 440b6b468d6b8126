import { StreamsError } from '../errors.ts'
import type { Serde } from '../serde.ts'

const bytesOfOne = 36
const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/*
 * The 36 characters of a UUID's text form, lower case, as Kafka's UUIDSerializer writes them (in UTF-8, its default).
 */
const text: Serde<string> = {
  name: 'uuid',
  decode(bytes, start, end) {
    const value = end - start === bytesOfOne ? bytes.latin1Slice(start, end) : ''
    if (!form.test(value)) throw new StreamsError('DESERIALIZATION', `not a UUID: ${end - start} bytes`)
    return value.toLowerCase()
  },
  encode(value, target, at) {
    if (typeof value !== 'string' || !form.test(value))
      throw new StreamsError('SERIALIZATION', `"${value}" is not a UUID`)
    target.reserve(at, bytesOfOne)
    // one form for all: equal keys must have equal bytes
    return at + target.buffer.latin1Write(value.toLowerCase(), at, bytesOfOne)
  }
}

/** UUIDs as text, e.g. what `crypto.randomUUID()` gives. Upper case is read and taken, and becomes lower case. */
export function uuid(): Serde<string> {
  return text
}
