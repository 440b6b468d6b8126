import { StreamsError } from '../errors.ts'
import { readInt64, writeInt64 } from '../int64.ts'
import type { Serde } from '../serde.ts'
import type { Windowed } from '../windows.ts'

/**
 * Keys of windowed tables in topics, as Kafka's TimeWindowedSerializer writes them:
 *
 *   key bytes | int64 window start (ms)
 *
 * The size is not written; it comes from the window's definition.
 */
export function timeWindowed<K>(key: Serde<K>, sizeMs: number): Serde<Windowed<K>> {
  return {
    name: `time-windowed(${key.name})`,
    windowBytes: 8,
    decode(bytes, start, end) {
      if (end - start < 8) throw new StreamsError('DESERIALIZATION', 'a windowed key takes 8 bytes or more')
      const windowStart = readInt64(bytes, end - 8)
      return { key: key.decode(bytes, start, end - 8), start: windowStart, end: windowStart + sizeMs }
    },
    encode(value, target, at) {
      const end = key.encode(value.key, target, at)
      target.reserve(end, 8)
      writeInt64(target.buffer, end, value.start)
      return end + 8
    }
  }
}

/**
 * Keys of session tables in topics, as Kafka's SessionWindowedSerializer writes them:
 *
 *   key bytes | int64 session end (ms) | int64 session start (ms)
 */
export function sessionWindowed<K>(key: Serde<K>): Serde<Windowed<K>> {
  return {
    name: `session-windowed(${key.name})`,
    windowBytes: 16,
    decode(bytes, start, end) {
      if (end - start < 16)
        throw new StreamsError('DESERIALIZATION', "a session's key takes 16 bytes or more")
      return {
        key: key.decode(bytes, start, end - 16),
        start: readInt64(bytes, end - 8),
        end: readInt64(bytes, end - 16)
      }
    },
    encode(value, target, at) {
      const end = key.encode(value.key, target, at)
      target.reserve(end, 16)
      writeInt64(target.buffer, end, value.end)
      writeInt64(target.buffer, end + 8, value.start)
      return end + 16
    }
  }
}
