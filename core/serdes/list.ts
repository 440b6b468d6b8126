import type { Serde } from '../serde.ts'
import { PartReader, writeInt32 } from './nullable-bytes.ts'

/*
 * Several values as Kafka's ListSerializer writes ones of variable size:
 *
 *   1 | int32 count | for each: int32 length | bytes
 */
export function list<T>(inner: Serde<T>): Serde<readonly T[]> {
  return {
    name: `list(${inner.name})`,
    decode(bytes, start) {
      const reader = new PartReader(bytes, start + 1)
      return Array.from({ length: reader.int32() }, () => {
        const length = reader.int32()
        reader.at += length
        return inner.decode(bytes, reader.at - length, reader.at)
      })
    },
    encode(values, target, at) {
      target.reserve(at, 1)
      target.buffer[at] = 1
      let end = writeInt32(target, at + 1, values.length)
      for (const value of values) {
        const begin = end + 4
        target.reserve(end, 4)
        const next = inner.encode(value, target, begin)
        writeInt32(target, end, next - begin)
        end = next
      }
      return end
    }
  }
}
