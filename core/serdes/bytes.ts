import { copyBytes } from '../bytes.ts'
import type { Serde } from '../serde.ts'

const raw: Serde<Buffer> = {
  name: 'bytes',
  decode(bytes, start, end) {
    return Buffer.from(bytes.subarray(start, end))
  },
  encode(value, target, at) {
    target.reserve(at, value.length)
    return copyBytes(value, 0, value.length, target.buffer, at)
  }
}

/** Bytes as they are. */
export function bytes(): Serde<Buffer> {
  return raw
}
