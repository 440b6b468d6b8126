import { type API, createAPI, Writer } from '@platformatic/kafka'
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
function createRequest(request: ProduceRequest): Writer {
  const byTopic = new Map<string, ProduceBatch[]>()
  for (const batch of request.batches) {
    const group = byTopic.get(batch.topic)
    if (group === undefined) byTopic.set(batch.topic, [batch])
    else group.push(batch)
  }
  // the batches are handed over as they are; the connection joins all parts into the one buffer that it writes
  const writer = Writer.create()
  const start = Buffer.allocUnsafe(16 + 3 * (request.transactionalId?.length ?? 0))
  let at = writeString(start, 0, request.transactionalId)
  at = start.writeInt16BE(-1, at)
  at = start.writeInt32BE(request.timeoutMs, at)
  at = writeUnsignedVarint(start, at, byTopic.size + 1)
  writer.append(start.subarray(0, at))
  for (const [topic, batches] of byTopic) {
    const head = Buffer.allocUnsafe(10 + 3 * topic.length)
    at = writeString(head, 0, topic)
    at = writeUnsignedVarint(head, at, batches.length + 1)
    writer.append(head.subarray(0, at))
    for (const { partition, buffer, length } of batches) {
      const size = Buffer.allocUnsafe(9)
      at = size.writeInt32BE(partition, 0)
      at = writeUnsignedVarint(size, at, length + 1)
      writer.append(size.subarray(0, at)).append(buffer.subarray(0, length)).append(noTags)
    }
    writer.append(noTags)
  }
  return writer.append(noTags)
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
function parseProduceAnswer(bytes: Buffer): Produced[] {
  const reader = new WireReader(bytes)
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
export type ProduceApi = API<[request: ProduceRequest], readonly Produced[]>

export const produceApi: ProduceApi = produceApiOf(11)

/**
 * The same layout. Within a transaction, the leader adds the partition to it by itself (KIP-890); for versions below, that was asked of the
 * coordinator before.
 */
export const addingProduceApi: ProduceApi = produceApiOf(12)

function produceApiOf(version: number): ProduceApi {
  return createAPI(0, version, createRequest, (_correlationId, _key, _version, reader) =>
    parseProduceAnswer(reader.buffer.buffer)
  )
}
