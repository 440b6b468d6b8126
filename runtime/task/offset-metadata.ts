import { readInt64, writeInt64 } from '../../core/int64.ts'

/** What travels with each committed offset. */
export interface OffsetMetadata {
  /** The highest timestamp processed of that partition, ms; -1: none. */
  readonly partitionTime: number
  /** The numbers that the task's steps keep (see `KeptNumbers`), the same for all its partitions. */
  readonly kept: ReadonlyMap<string, number>
}

/*
 * Kafka Streams' own form (TopicPartitionMetadata, ProcessorMetadata), so that time survives a restart and a change of language. Base64 of:
 *
 *   int8  version (2)
 *   int64 partition time, ms (-1: none)
 *   then, only if there are kept numbers: int32 count, and per entry int32 length, UTF-8 name, int64 value
 */
const VERSION = 2
const HEAD_BYTES = 9

export function encodeOffsetMetadata({ partitionTime, kept }: OffsetMetadata): string {
  const entries = [...kept].map(([name, value]) => ({ name: Buffer.from(name, 'utf8'), value }))
  const bytes = Buffer.alloc(
    entries.reduce((sum, { name }) => sum + 12 + name.length, HEAD_BYTES + (entries.length > 0 ? 4 : 0))
  )
  bytes.writeInt8(VERSION, 0)
  writeInt64(bytes, 1, partitionTime)
  let at = HEAD_BYTES
  if (entries.length > 0) at = bytes.writeInt32BE(entries.length, at)
  for (const { name, value } of entries) {
    at = bytes.writeInt32BE(name.length, at)
    at += name.copy(bytes, at)
    writeInt64(bytes, at, value)
    at += 8
  }
  return bytes.toString('base64')
}

/** What of it can be read: a form that we do not know, or that ends early, tells no more than its beginning does. */
export function decodeOffsetMetadata(metadata: string): OffsetMetadata {
  const kept = new Map<string, number>()
  const bytes = Buffer.from(metadata, 'base64')
  if (bytes.length < HEAD_BYTES || (bytes[0] !== 1 && bytes[0] !== VERSION))
    return { partitionTime: -1, kept }
  const partitionTime = readInt64(bytes, 1)
  if (bytes[0] !== VERSION || bytes.length < HEAD_BYTES + 4) return { partitionTime, kept }
  let at = HEAD_BYTES + 4
  for (let left = bytes.readInt32BE(HEAD_BYTES); left > 0; left--) {
    const length = at + 4 <= bytes.length ? bytes.readInt32BE(at) : -1
    const end = at + 4 + length
    if (length < 0 || end + 8 > bytes.length) break
    kept.set(bytes.utf8Slice(at + 4, end), readInt64(bytes, end))
    at = end + 8
  }
  return { partitionTime, kept }
}
