import { StreamsError } from '../core/errors.ts'
import { readInt64, writeInt64 } from '../core/int64.ts'
import type { EngineKind } from './engine.ts'
import type { Checkpoint } from './state-store.ts'

/** First bytes of an engine's keys: which space they belong to. */
const metadataSpace = 0x00
export const dataSpace = 0x01

/** The one key of the metadata space. */
export const metadataKey: Buffer = Buffer.from([metadataSpace])
export const dataFrom: Buffer = Buffer.from([dataSpace])
export const dataTo: Buffer = Buffer.from([dataSpace + 1])

const formatVersion = 3
const engineCodes: Record<EngineKind, number> = { memory: 0, rocksdb: 1, level: 2 }
const closedCleanly = 1
const severalPartitions = 2
const inSegments = 4
const identityAt = 31
const headBytes = 47

/** What a store's every batch says about its content. */
export interface Metadata {
  /** 16 random bytes (hex), given to the store when it was empty: others mean that it was emptied since. */
  readonly identity: string
  readonly checkpoint: Checkpoint | undefined
  /** The highest time put, of a store that goes by time; -1 before the first. */
  readonly observedStreamTime: number
  /** The last sequence number given, in a window store that keeps duplicates. */
  readonly sequence: number
  /** Wall clock of the batch, ms. */
  readonly writtenAt: number
  /** Set while an unlogged store is closed as it should be. */
  readonly closedCleanly: boolean
  /** Of a store whose keys begin with segments: how long these are, ms. */
  readonly segmentMs: number | undefined
}

/*
 * int8 format version | int8 engine | int8 flags (1: closed cleanly, 2: several partitions, 4: in segments)
 * | int64 changelog offset (-1: none) | int64 observed stream time | int64 wall clock | int32 sequence | 16 bytes identity
 * | in segments: int64 their length | of several partitions: int32 count, and as many int64 offsets | topic id (UTF-8, to the end)
 */
export function encodeMetadata(engine: EngineKind, metadata: Metadata): Buffer {
  const topicId = Buffer.from(metadata.checkpoint?.topicId ?? '', 'utf8')
  const offsets = metadata.checkpoint?.partitionOffsets
  const { segmentMs } = metadata
  const offsetsAt = headBytes + (segmentMs === undefined ? 0 : 8)
  const topicIdAt = offsetsAt + (offsets === undefined ? 0 : 4 + 8 * offsets.length)
  const bytes = Buffer.allocUnsafe(topicIdAt + topicId.length)
  bytes[0] = formatVersion
  bytes[1] = engineCodes[engine]
  bytes[2] =
    (metadata.closedCleanly ? closedCleanly : 0) |
    (offsets === undefined ? 0 : severalPartitions) |
    (segmentMs === undefined ? 0 : inSegments)
  writeInt64(bytes, 3, metadata.checkpoint?.offset ?? -1)
  writeInt64(bytes, 11, metadata.observedStreamTime)
  writeInt64(bytes, 19, metadata.writtenAt)
  bytes.writeInt32BE(metadata.sequence, 27)
  bytes.write(metadata.identity, identityAt, 'hex')
  if (segmentMs !== undefined) writeInt64(bytes, headBytes, segmentMs)
  if (offsets !== undefined) {
    bytes.writeInt32BE(offsets.length, offsetsAt)
    for (const [partition, offset] of offsets.entries())
      writeInt64(bytes, offsetsAt + 4 + 8 * partition, offset)
  }
  topicId.copy(bytes, topicIdAt)
  return bytes
}

/** Throws STORE_CORRUPT for another format version and for content that another engine wrote. */
export function decodeMetadata(store: string, engine: EngineKind, bytes: Buffer): Metadata {
  const corrupt = (what: string) => new StreamsError('STORE_CORRUPT', `store ${store} ${what}: rebuild it`)
  if (bytes[0] !== formatVersion)
    throw corrupt(`has the format version ${bytes[0]}, this program writes ${formatVersion}`)
  if (bytes[1] !== engineCodes[engine]) throw corrupt(`was not written by the engine ${engine}`)
  const hasSegments = ((bytes[2] as number) & inSegments) !== 0
  const restAt = hasSegments ? headBytes + 8 : headBytes
  if (bytes.length < restAt) throw corrupt('has damaged metadata')
  return {
    identity: bytes.toString('hex', identityAt, headBytes),
    checkpoint: checkpointOf(bytes, restAt),
    observedStreamTime: readInt64(bytes, 11),
    writtenAt: readInt64(bytes, 19),
    sequence: bytes.readInt32BE(27),
    closedCleanly: ((bytes[2] as number) & closedCleanly) !== 0,
    segmentMs: hasSegments ? readInt64(bytes, headBytes) : undefined
  }
}

function checkpointOf(bytes: Buffer, at: number): Checkpoint | undefined {
  const offset = readInt64(bytes, 3)
  if (offset < 0) return undefined
  if (((bytes[2] as number) & severalPartitions) === 0)
    return { offset, topicId: bytes.utf8Slice(at, bytes.length) }
  const partitionOffsets = Array.from({ length: bytes.readInt32BE(at) }, (_, partition) =>
    readInt64(bytes, at + 4 + 8 * partition)
  )
  const topicId = bytes.utf8Slice(at + 4 + 8 * partitionOffsets.length, bytes.length)
  return { offset, topicId, partitionOffsets }
}
