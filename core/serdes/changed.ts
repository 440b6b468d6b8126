import { StreamsError } from '../errors.ts'
import type { Serde } from '../serde.ts'

/** A table's change on its way through a repartition topic. At least one of the two values is there. */
export interface Changed<V> {
  readonly newValue: V | null
  readonly oldValue: V | null
}

const onlyOld = 0
const onlyNew = 1
const both = 2

/*
 * Changes as Kafka's ChangedSerializer writes them. The last byte says which values there are:
 *
 *   old value | 0
 *   new value | 1
 *   varint length of the new value (zigzag) | new value | old value | 2
 *
 * Its 3 to 5 are the same with one more byte before the last; they are read, never written.
 */
export function changed<V>(inner: Serde<V>): Serde<Changed<V>> {
  return {
    name: `changed(${inner.name})`,
    decode(bytes, start, end) {
      const flag = bytes[end - 1] as number
      if (end <= start || flag > 5)
        throw new StreamsError('DESERIALIZATION', `a change cannot end with the byte ${flag}`)
      const kind = flag % 3
      const last = flag > both ? end - 2 : end - 1
      if (kind === onlyOld) return { newValue: null, oldValue: inner.decode(bytes, start, last) }
      if (kind === onlyNew) return { newValue: inner.decode(bytes, start, last), oldValue: null }
      let at = start
      let encoded = 0
      for (let shift = 0; ; shift += 7) {
        const byte = bytes[at++] as number
        encoded |= (byte & 0x7f) << shift
        if (byte < 0x80) break
      }
      const middle = at + ((encoded >>> 1) ^ -(encoded & 1))
      return { newValue: inner.decode(bytes, at, middle), oldValue: inner.decode(bytes, middle, last) }
    },
    encode(change, target, at) {
      const { newValue, oldValue } = change
      if (newValue === null && oldValue === null)
        throw new StreamsError('SERIALIZATION', 'a change from nothing to nothing has no form')
      if (newValue === null || oldValue === null) {
        const end = inner.encode((newValue ?? oldValue) as V, target, at)
        target.reserve(end, 1)
        target.buffer[end] = newValue === null ? onlyOld : onlyNew
        return end + 1
      }
      // the length comes first but is known last: most take one byte, the others are moved
      let begin = at + 1
      let end = inner.encode(newValue, target, begin)
      const length = end - begin
      let rest = length * 2
      const extra = rest < 0x80 ? 0 : Math.floor(Math.log2(rest) / 7)
      if (extra > 0) {
        target.reserve(end, extra)
        target.buffer.copyWithin(begin + extra, begin, end)
        begin += extra
        end += extra
      } else target.reserve(at, 1)
      for (let i = at; i < begin; i++) {
        target.buffer[i] = i < begin - 1 ? (rest & 0x7f) | 0x80 : rest
        rest >>>= 7
      }
      end = inner.encode(oldValue, target, end)
      target.reserve(end, 1)
      target.buffer[end] = both
      return end + 1
    }
  }
}
