import { writeInt64 } from '../../core/int64.ts'
import type { FetchLease } from './fetch-buffers.ts'
import { WireReader, writeUnsignedVarint } from './wire.ts'

export const fetchKey = 1
export const fetchVersion = 17

/** A partition by its topic's id (UUID text). */
export interface FetchTarget {
  readonly topicId: string
  readonly partition: number
}

/** Where a partition is read from. */
export interface FetchPartition extends FetchTarget {
  /** -1: not known. */
  readonly leaderEpoch: number
  readonly offset: number
  /** Leader epoch of the record before `offset`, by which a broker tells whether the logs diverge; -1: not known. */
  readonly lastEpoch: number
}

export interface FetchRequest {
  readonly maxWaitMs: number
  readonly maxBytes: number
  readonly partitionMaxBytes: number
  readonly readCommitted: boolean
  /** Empty: none. */
  readonly rack: string
  readonly sessionId: number
  readonly sessionEpoch: number
  /** In the order in which the broker fills its answer. */
  readonly partitions: readonly FetchPartition[]
  /** To be taken out of the session. */
  readonly forgotten: readonly FetchTarget[]
}

/** An aborted transaction that overlaps the fetched range. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/** The last that a broker's log has of an epoch not later than the one asked for: below our position, the logs differ from here on. */
export interface DivergingEpoch {
  readonly epoch: number
  readonly endOffset: number
}

/** One partition of an answer. Its record batches are `bytes[recordsStart, recordsEnd)` of the answer. */
export interface FetchedPartition extends FetchTarget {
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly diverging: DivergingEpoch | undefined
  /** Null when uncommitted records were asked for. */
  readonly aborted: readonly AbortedTransaction[] | null
  /** A broker nearer by that should be asked instead; -1: none. */
  readonly preferredReplica: number
  readonly recordsStart: number
  readonly recordsEnd: number
}

export interface FetchAnswer {
  readonly errorCode: number
  /** 0: the broker keeps no session. */
  readonly sessionId: number
  readonly bytes: Buffer
  readonly partitions: readonly FetchedPartition[]
  /** To be released when all of `bytes` is held that is wanted. */
  readonly lease: FetchLease
}

/*
 * Fetch request, version 17 (compact arrays and strings; each structure ends with tagged fields, none here):
 *
 *   int32 max_wait_ms | int32 min_bytes | int32 max_bytes | int8 isolation_level | int32 session_id | int32 session_epoch
 *   topics: uuid topic_id
 *     partitions: int32 partition | int32 current_leader_epoch | int64 fetch_offset | int32 last_fetched_epoch
 *                 int64 log_start_offset | int32 partition_max_bytes
 *   forgotten topics: uuid topic_id | partitions: int32
 *   string rack_id
 */

/** Most bytes that `writeFetchRequest` needs. */
export function fetchRequestBytes(request: FetchRequest): number {
  // each partition may need a head of its topic, and lengths
  return 40 + 3 * request.rack.length + request.partitions.length * 56 + request.forgotten.length * 28
}

/** Writes the request at `start` and returns the end. */
export function writeFetchRequest(buffer: Buffer, start: number, request: FetchRequest): number {
  const { partitionMaxBytes } = request
  let at = buffer.writeInt32BE(request.maxWaitMs, start)
  at = buffer.writeInt32BE(1, at)
  at = buffer.writeInt32BE(request.maxBytes, at)
  at = buffer.writeInt8(request.readCommitted ? 1 : 0, at)
  at = buffer.writeInt32BE(request.sessionId, at)
  at = buffer.writeInt32BE(request.sessionEpoch, at)
  at = writeTopics(buffer, at, request.partitions, (partition, from) => {
    let end = buffer.writeInt32BE(partition.partition, from)
    end = buffer.writeInt32BE(partition.leaderEpoch, end)
    writeInt64(buffer, end, partition.offset)
    end = buffer.writeInt32BE(partition.lastEpoch, end + 8)
    writeInt64(buffer, end, -1)
    end = buffer.writeInt32BE(partitionMaxBytes, end + 8)
    buffer[end++] = 0
    return end
  })
  at = writeTopics(buffer, at, request.forgotten, ({ partition }, from) =>
    buffer.writeInt32BE(partition, from)
  )
  at = writeUnsignedVarint(buffer, at, Buffer.byteLength(request.rack) + 1)
  at += buffer.utf8Write(request.rack, at)
  buffer[at++] = 0
  return at
}

/** Neighbours of one topic share its head, so that the order of partitions is kept. */
function writeTopics<P extends FetchTarget>(
  buffer: Buffer,
  start: number,
  partitions: readonly P[],
  write: (partition: P, at: number) => number
): number {
  const groups: P[][] = []
  for (const partition of partitions) {
    const group = groups.at(-1)
    if (group?.[0]?.topicId === partition.topicId) group.push(partition)
    else groups.push([partition])
  }
  let at = writeUnsignedVarint(buffer, start, groups.length + 1)
  for (const group of groups) {
    at += buffer.write(group[0]!.topicId.replaceAll('-', ''), at, 'hex')
    at = writeUnsignedVarint(buffer, at, group.length + 1)
    for (const partition of group) at = write(partition, at)
    buffer[at++] = 0
  }
  return at
}

/*
 * Fetch answer, version 17:
 *
 *   int32 throttle_time_ms | int16 error_code | int32 session_id
 *   topics: uuid topic_id
 *     partitions: int32 partition | int16 error_code | int64 high_watermark | int64 last_stable_offset | int64 log_start_offset
 *                 aborted (nullable): int64 producer_id | int64 first_offset
 *                 int32 preferred_read_replica | records: unsigned varint length + 1, record batches
 *                 tag 0, diverging epoch: int32 epoch | int64 end_offset
 */

/** Reads an answer from `start` on. Leaves record batches as bytes and errors as codes. Throws a RangeError on what is no answer. */
export function parseFetchAnswer(bytes: Buffer, start: number): Omit<FetchAnswer, 'lease'> {
  const reader = new WireReader(bytes)
  reader.at = start + 4
  const errorCode = reader.int16()
  const sessionId = reader.int32()
  const partitions: FetchedPartition[] = []
  for (let topics = reader.arrayLength(); topics > 0; topics--) {
    const topicId = reader.uuid()
    for (let left = reader.arrayLength(); left > 0; left--) partitions.push(readPartition(reader, topicId))
    reader.skipTags()
  }
  return { errorCode, sessionId, bytes, partitions }
}

function readPartition(reader: WireReader, topicId: string): FetchedPartition {
  const partition = reader.int32()
  const errorCode = reader.int16()
  const highWatermark = reader.int64()
  const lastStableOffset = reader.int64()
  reader.at += 8
  const aborted = readAborted(reader)
  const preferredReplica = reader.int32()
  const length = Math.max(reader.unsignedVarint() - 1, 0)
  const recordsStart = reader.at
  const recordsEnd = recordsStart + length
  if (recordsEnd > reader.bytes.length) throw new RangeError('records run beyond the answer')
  reader.at = recordsEnd
  const diverging = readDiverging(reader)
  return {
    topicId,
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    diverging,
    aborted,
    preferredReplica,
    recordsStart,
    recordsEnd
  }
}

function readDiverging(reader: WireReader): DivergingEpoch | undefined {
  let diverging: DivergingEpoch | undefined
  for (let left = reader.unsignedVarint(); left > 0; left--) {
    const tag = reader.unsignedVarint()
    const end = reader.unsignedVarint() + reader.at
    if (tag === 0) diverging = { epoch: reader.int32(), endOffset: reader.int64() }
    reader.at = end
  }
  // its default, where a broker writes that
  return diverging === undefined || diverging.endOffset < 0 ? undefined : diverging
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
