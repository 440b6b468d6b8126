import { copyBytes, GrowableBytes } from '../core/bytes.ts'
import { readInt64, writeInt64 } from '../core/int64.ts'
import type { Serde } from '../core/serde.ts'

/*
 * A value in an engine, as Kafka Streams' ValueAndTimestampSerializer writes it:
 *
 *   int64 timestamp (ms) | value bytes
 *
 * The value bytes alone are the changelog's value; the timestamp is there the record's.
 */
export const timestampBytes = 8

const scratch = new GrowableBytes(4096)

export function encodeStored<V>(serde: Serde<V>, value: V, timestamp: number): Buffer {
  const end = serde.encode(value, scratch, timestampBytes)
  writeInt64(scratch.buffer, 0, timestamp)
  const stored = Buffer.allocUnsafe(end)
  copyBytes(scratch.buffer, 0, end, stored, 0)
  // it mostly goes downstream next, as it is
  serde.lend?.(value, stored, timestampBytes, end)
  return stored
}

/** The stored form of value bytes `bytes[start, end)`: written to `over` if that has its size, else to a buffer of its own. */
export function storedFrom(
  bytes: Buffer,
  start: number,
  end: number,
  timestamp: number,
  over?: Buffer
): Buffer {
  const size = timestampBytes + end - start
  const stored = over?.length === size ? over : Buffer.allocUnsafe(size)
  writeInt64(stored, 0, timestamp)
  copyBytes(bytes, start, end, stored, timestampBytes)
  return stored
}

export function decodeStored<V>(serde: Serde<V>, stored: Buffer): V {
  return serde.decode(stored, timestampBytes, stored.length)
}

export function storedTimestamp(stored: Buffer): number {
  return readInt64(stored, 0)
}
