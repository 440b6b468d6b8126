import { WireReader, writeUnsignedVarint } from './wire.ts'

/** A finished record batch, `buffer[0, length)`, and where it goes. */
export interface ProduceBatch {
  readonly topic: string
  readonly partition: number
  readonly buffer: Buffer
  readonly length: number
}

export interface ProduceRequest {
  readonly transactionalId: string | null
  /** How long the leader waits for its followers. */
  readonly timeoutMs: number
  /** At most one batch a partition. */
  readonly batches: readonly ProduceBatch[]
}

/** What became of one partition's batch. */
export interface Produced {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  /** -1 with an error. */
  readonly baseOffset: number
  readonly errorMessage: string | null
}

/*
 * Produce request, versions 11 and 12 (compact arrays and strings; each structure ends with tagged fields, none here):
 *
 *   nullable string transactional_id | int16 acks, -1: all | int32 timeout_ms
 *   topics: string name
 *     partitions: int32 index | records: unsigned varint length + 1, one record batch
 */
export function produceParts(request: ProduceRequest): Buffer[] {
  const byTopic = new Map<string, ProduceBatch[]>()
  for (const batch of request.batches) {
    const group = byTopic.get(batch.topic)
    if (group === undefined) byTopic.set(batch.topic, [batch])
    else group.push(batch)
  }
  // the batches are handed over as they are, and written from where they are
  const parts: Buffer[] = []
  const start = Buffer.allocUnsafe(16 + 3 * (request.transactionalId?.length ?? 0))
  let at = writeString(start, 0, request.transactionalId)
  at = start.writeInt16BE(-1, at)
  at = start.writeInt32BE(request.timeoutMs, at)
  at = writeUnsignedVarint(start, at, byTopic.size + 1)
  parts.push(start.subarray(0, at))
  for (const [topic, batches] of byTopic) {
    const head = Buffer.allocUnsafe(10 + 3 * topic.length)
    at = writeString(head, 0, topic)
    at = writeUnsignedVarint(head, at, batches.length + 1)
    parts.push(head.subarray(0, at))
    for (const { partition, buffer, length } of batches) {
      const size = Buffer.allocUnsafe(9)
      at = size.writeInt32BE(partition, 0)
      at = writeUnsignedVarint(size, at, length + 1)
      parts.push(size.subarray(0, at), buffer.subarray(0, length), noTags)
    }
    parts.push(noTags)
  }
  parts.push(noTags)
  return parts
}

const noTags = Buffer.from([0])

function writeString(buffer: Buffer, at: number, text: string | null): number {
  if (text === null) return writeUnsignedVarint(buffer, at, 0)
  const start = writeUnsignedVarint(buffer, at, Buffer.byteLength(text) + 1)
  return start + buffer.utf8Write(text, start)
}

/*
 * Produce answer, versions 11 and 12:
 *
 *   topics: string name
 *     partitions: int32 index | int16 error_code | int64 base_offset | int64 log_append_time_ms | int64 log_start_offset
 *                 record_errors: int32 batch_index | nullable string message
 *                 nullable string error_message
 *   int32 throttle_time_ms
 */
export function parseProduceAnswer(bytes: Buffer, at: number): Produced[] {
  const reader = new WireReader(bytes)
  reader.at = at
  const produced: Produced[] = []
  for (let topics = reader.arrayLength(); topics > 0; topics--) {
    const topic = reader.string() ?? ''
    for (let left = reader.arrayLength(); left > 0; left--) produced.push(readPartition(reader, topic))
    reader.skipTags()
  }
  return produced
}

function readPartition(reader: WireReader, topic: string): Produced {
  const partition = reader.int32()
  const errorCode = reader.int16()
  const baseOffset = reader.int64()
  reader.at += 16
  let recordError: string | null = null
  for (let left = reader.arrayLength(); left > 0; left--) {
    const index = reader.int32()
    const message = reader.string()
    recordError ??= `record ${index} of the batch: ${message ?? 'no reason given'}`
    reader.skipTags()
  }
  const errorMessage = reader.string()
  reader.skipTags()
  return { topic, partition, errorCode, baseOffset, errorMessage: recordError ?? errorMessage }
}

/** Takes finished batches as bytes, one or more partitions in a request; leaves errors as codes. */
export interface ProduceApi {
  readonly key: number
  readonly version: number
}

export const produceApi: ProduceApi = { key: 0, version: 11 }

/**
 * The same layout. Within a transaction, the leader adds the partition to it by itself (KIP-890); for versions below, that was asked of the
 * coordinator before.
 */
export const addingProduceApi: ProduceApi = { key: 0, version: 12 }
