import { readInt64, writeInt64 } from '../../core/int64.ts'

/*
 * What travels with each committed offset, in Kafka Streams' own form (TopicPartitionMetadata), so that stream time survives a restart and
 * a change of language. Base64 of:
 *
 *   int8  version (2)
 *   int64 partition time, ms (-1: none)
 *   then, only if there is processor metadata: int32 count, and per entry int32 length, UTF-8 name, int64 value
 */
const VERSION = 2

export function encodeOffsetMetadata(partitionTime: number): string {
  const bytes = Buffer.alloc(9)
  bytes.writeInt8(VERSION, 0)
  writeInt64(bytes, 1, partitionTime)
  return bytes.toString('base64')
}

/** The partition time of a committed offset, ms; -1 where there is none or it is of a form that we do not know. */
export function decodePartitionTime(metadata: string): number {
  const bytes = Buffer.from(metadata, 'base64')
  if (bytes.length < 9 || (bytes[0] !== 1 && bytes[0] !== VERSION)) return -1
  return readInt64(bytes, 1)
}
