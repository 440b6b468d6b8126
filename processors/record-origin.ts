import type { ByteTarget } from '../core/bytes.ts'
import { writeInt64 } from '../core/int64.ts'
import type { Header, Headers } from '../core/record.ts'
import { type PartReader, writeInt32, writeNullableBytes } from '../core/serdes/nullable-bytes.ts'
import type { OperatorContext } from './operator.ts'

/** Where a buffered record came from: it leaves the buffer as if it had just been read. */
export interface RecordOrigin {
  readonly timestamp: number
  readonly offset: number
  readonly topic: string
  readonly partition: number
  readonly headers: Headers
}

/*
 * As Kafka Streams' ProcessorRecordContext writes it:
 *
 *   int64 timestamp | int64 offset | int32 length, topic | int32 partition | int32 headers, and for each:
 *   int32 length, key | int32 length (-1: null), value
 */
export function writeOrigin(origin: RecordOrigin, target: ByteTarget, at: number): number {
  target.reserve(at, 16)
  writeInt64(target.buffer, at, origin.timestamp)
  writeInt64(target.buffer, at + 8, origin.offset)
  let end = writeNullableBytes(target, at + 16, Buffer.from(origin.topic))
  end = writeInt32(target, end, origin.partition)
  end = writeInt32(target, end, origin.headers.length)
  for (const { key, value } of origin.headers) {
    end = writeNullableBytes(target, end, Buffer.from(key))
    end = writeNullableBytes(target, end, value)
  }
  return end
}

export function readOrigin(reader: PartReader): RecordOrigin {
  const timestamp = reader.int64()
  const offset = reader.int64()
  const topic = reader.bytes(reader.int32()).toString('utf8')
  const partition = reader.int32()
  const headers: Header[] = []
  for (let count = reader.int32(); count > 0; count--)
    headers.push({ key: reader.bytes(reader.int32()).toString('utf8'), value: reader.nullableBytes() })
  return { timestamp, offset, topic, partition, headers }
}

/** What an origin counts for in a buffer's bounds, bytes. */
export function originBytes({ topic, headers }: RecordOrigin): number {
  let size = 20 + topic.length
  for (const { key, value } of headers) size += key.length + (value?.length ?? 0)
  return size
}

/** Of the record that is being processed. */
export function originOf(
  { offset, topic, partition }: OperatorContext,
  timestamp: number,
  headers: Headers
): RecordOrigin {
  return { timestamp, offset, topic, partition, headers }
}
