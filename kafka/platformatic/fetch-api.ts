import { type API, createAPI, Writer } from '@platformatic/kafka'
import { writeInt64 } from '../../core/int64.ts'
import { WireReader, writeUnsignedVarint } from './wire.ts'

export interface FetchPartition {
  readonly partition: number
  /** -1: not known. */
  readonly leaderEpoch: number
  readonly offset: number
}

export interface FetchTopic {
  /** UUID text. */
  readonly id: string
  readonly partitions: readonly FetchPartition[]
}

export interface FetchRequest {
  readonly maxWaitMs: number
  readonly maxBytes: number
  readonly partitionMaxBytes: number
  readonly readCommitted: boolean
  /** In the order in which the broker fills its answer. A topic may be there several times. */
  readonly topics: readonly FetchTopic[]
}

/** An aborted transaction that overlaps the fetched range. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/** One partition of an answer. Its record batches are `bytes[recordsStart, recordsEnd)` of the answer. */
export interface FetchedPartition {
  readonly topicId: string
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  /** Null when uncommitted records were asked for. */
  readonly aborted: readonly AbortedTransaction[] | null
  readonly recordsStart: number
  readonly recordsEnd: number
}

export interface FetchAnswer {
  readonly errorCode: number
  readonly bytes: Buffer
  readonly partitions: readonly FetchedPartition[]
}

/*
 * Fetch request, version 17 (compact arrays and strings; each structure ends with tagged fields, none here):
 *
 *   int32 max_wait_ms | int32 min_bytes | int32 max_bytes | int8 isolation_level | int32 session_id | int32 session_epoch
 *   topics: uuid topic_id
 *     partitions: int32 partition | int32 current_leader_epoch | int64 fetch_offset | int32 last_fetched_epoch
 *                 int64 log_start_offset | int32 partition_max_bytes
 *   forgotten topics | string rack_id
 *
 * Session id 0 with epoch -1 asks for a full answer without a fetch session.
 */
function createRequest(request: FetchRequest): Writer {
  const buffer = Buffer.allocUnsafe(requestBytes(request))
  let at = buffer.writeInt32BE(request.maxWaitMs, 0)
  at = buffer.writeInt32BE(1, at)
  at = buffer.writeInt32BE(request.maxBytes, at)
  at = buffer.writeInt8(request.readCommitted ? 1 : 0, at)
  at = buffer.writeInt32BE(0, at)
  at = buffer.writeInt32BE(-1, at)
  at = writeUnsignedVarint(buffer, at, request.topics.length + 1)
  for (const topic of request.topics) {
    at += buffer.write(topic.id.replaceAll('-', ''), at, 'hex')
    at = writeUnsignedVarint(buffer, at, topic.partitions.length + 1)
    for (const partition of topic.partitions) {
      at = buffer.writeInt32BE(partition.partition, at)
      at = buffer.writeInt32BE(partition.leaderEpoch, at)
      writeInt64(buffer, at, partition.offset)
      at = buffer.writeInt32BE(-1, at + 8)
      writeInt64(buffer, at, -1)
      at = buffer.writeInt32BE(request.partitionMaxBytes, at + 8)
      buffer[at++] = 0
    }
    buffer[at++] = 0
  }
  // no forgotten topics, an empty rack, no tags
  buffer[at++] = 1
  buffer[at++] = 1
  buffer[at++] = 0
  return Writer.create().append(buffer.subarray(0, at))
}

function requestBytes(request: FetchRequest): number {
  let size = 21 + 5 + 3
  for (const topic of request.topics) size += 16 + 5 + 1 + topic.partitions.length * 33
  return size
}

/*
 * Fetch answer, version 17:
 *
 *   int32 throttle_time_ms | int16 error_code | int32 session_id
 *   topics: uuid topic_id
 *     partitions: int32 partition | int16 error_code | int64 high_watermark | int64 last_stable_offset | int64 log_start_offset
 *                 aborted (nullable): int64 producer_id | int64 first_offset
 *                 int32 preferred_read_replica | records: unsigned varint length + 1, record batches
 */
function parseFetchAnswer(bytes: Buffer): FetchAnswer {
  const reader = new WireReader(bytes)
  reader.at += 4
  const errorCode = reader.int16()
  reader.at += 4
  const partitions: FetchedPartition[] = []
  for (let topics = reader.arrayLength(); topics > 0; topics--) {
    const topicId = reader.uuid()
    for (let left = reader.arrayLength(); left > 0; left--) partitions.push(readPartition(reader, topicId))
    reader.skipTags()
  }
  return { errorCode, bytes, partitions }
}

function readPartition(reader: WireReader, topicId: string): FetchedPartition {
  const partition = reader.int32()
  const errorCode = reader.int16()
  const highWatermark = reader.int64()
  const lastStableOffset = reader.int64()
  reader.at += 8
  const aborted = readAborted(reader)
  reader.at += 4
  const length = Math.max(reader.unsignedVarint() - 1, 0)
  const recordsStart = reader.at
  const recordsEnd = recordsStart + length
  reader.at = recordsEnd
  reader.skipTags()
  return {
    topicId,
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    aborted,
    recordsStart,
    recordsEnd
  }
}

function readAborted(reader: WireReader): AbortedTransaction[] | null {
  const length = reader.unsignedVarint() - 1
  if (length < 0) return null
  const aborted: AbortedTransaction[] = []
  for (let left = length; left > 0; left--) {
    aborted.push({ producerId: reader.int64(), firstOffset: reader.int64() })
    reader.skipTags()
  }
  return aborted
}

/** Leaves record batches as bytes and errors as codes. One copy joins the chunks that an answer came in. */
export const fetchApi: API<[request: FetchRequest], FetchAnswer> = createAPI(
  1,
  17,
  createRequest,
  (_correlationId, _key, _version, reader) => parseFetchAnswer(reader.buffer.buffer)
)
