import { type API, createAPI, type Reader, Writer } from '@platformatic/kafka'
import type { TopicPartition } from '../../core/record.ts'
import type {
  StreamsEndpoint,
  StreamsSubTopology,
  StreamsTasks,
  StreamsTopic,
  TaskIds,
  TaskOffset
} from '../port/streams-group.ts'

/** A heartbeat; what has not changed since the last one is null. */
export interface StreamsHeartbeat {
  readonly groupId: string
  readonly memberId: string
  /** 0 joins, -1 leaves, -2 leaves for a while (static members). */
  readonly memberEpoch: number
  /** Of the last answer; -1 at first. */
  readonly endpointEpoch: number
  readonly instanceId: string | null
  /** -1: unchanged. */
  readonly rebalanceTimeoutMs: number
  /** With epoch 0 only. */
  readonly topology: readonly StreamsSubTopology[] | null
  readonly tasks: StreamsTasks | null
  readonly processId: string | null
  readonly tags: Readonly<Record<string, string>> | null
  /** `host:port` */
  readonly endpoint: string | null
  readonly offsets: readonly TaskOffset[] | null
  readonly shutdownApplication: boolean
}

export interface StreamsHeartbeatAnswer {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly memberEpoch: number
  readonly heartbeatIntervalMs: number
  readonly taskOffsetIntervalMs: number
  readonly status: readonly { readonly code: number; readonly detail: string }[]
  /** Null: unchanged. */
  readonly tasks: StreamsTasks | null
  readonly endpointEpoch: number
  /** Null: unchanged since the epoch that was sent. */
  readonly endpoints: readonly StreamsEndpoint[] | null
}

/*
 * StreamsGroupHeartbeat request (API key 88), versions 0 and 1, compact strings and arrays, each struct with tagged fields at its end:
 *
 *   string group_id | string member_id | int32 member_epoch | int32 endpoint_information_epoch | string? instance_id | string? rack_id |
 *   int32 rebalance_timeout_ms | topology? | task_ids[]? active | task_ids[]? standby | task_ids[]? warmup | string? process_id |
 *   endpoint? | key_value[]? client_tags | task_offset[]? offsets | task_offset[]? end_offsets | bool shutdown_application
 *
 *   topology:    int8 1 | int32 epoch | subtopology[]                                       (int8 -1: null)
 *   subtopology: string id | string[] source_topics | string[] source_topic_regex | topic_info[] changelogs | string[] repartition_sinks |
 *                topic_info[] repartition_sources | copartition_group[]
 *   topic_info:  string name | int32 partitions | int16 replication_factor | key_value[] configs
 *   copartition_group: int16[] source_topics | int16[] source_topic_regex | int16[] repartition_sources  (indexes into the above)
 *   task_ids:    string subtopology_id | int32[] partitions
 *   endpoint:    int8 1 | string host | uint16 port                                         (int8 -1: null)
 *   task_offset: string subtopology_id | int32 partition | int64 offset
 *
 * The broker compares the topologies of all members for equality, so all arrays are sorted.
 */
function createRequest(beat: StreamsHeartbeat): Writer {
  const writer = Writer.create()
    .appendString(beat.groupId)
    .appendString(beat.memberId)
    .appendInt32(beat.memberEpoch)
    .appendInt32(beat.endpointEpoch)
    .appendString(beat.instanceId)
    .appendString(null)
    .appendInt32(beat.rebalanceTimeoutMs)
  if (beat.topology === null) writer.appendInt8(-1)
  else
    writer
      .appendInt8(1)
      .appendInt32(0)
      .appendArray([...beat.topology], appendSubTopology, true, false)
      .appendTaggedFields()
  for (const role of ['active', 'standby', 'warmup'] as const)
    writer.appendArray(copy(beat.tasks?.[role]), appendTaskIds, true, false)
  writer.appendString(beat.processId)
  appendEndpoint(writer, beat.endpoint)
  writer.appendArray(beat.tags === null ? null : sortedEntries(beat.tags), appendKeyValue, true, false)
  for (const field of ['offset', 'endOffset'] as const) appendOffsets(writer, beat.offsets, field)
  return writer.appendBoolean(beat.shutdownApplication).appendTaggedFields()
}

function appendOffsets(
  writer: Writer,
  offsets: readonly TaskOffset[] | null,
  field: 'offset' | 'endOffset'
): void {
  const known = offsets?.flatMap(({ subTopology, partition, [field]: offset }) =>
    offset === undefined ? [] : [{ subTopology, partition, offset }]
  )
  writer.appendArray(
    known,
    (to, { subTopology, partition, offset }) =>
      to.appendString(subTopology).appendInt32(partition).appendInt64(BigInt(offset)).appendTaggedFields(),
    true,
    false
  )
}

function appendSubTopology(writer: Writer, sub: StreamsSubTopology): void {
  const sources = [...sub.sourceTopics].sort()
  const repartitions = [...sub.repartitionSourceTopics].sort(byName)
  const indexes = (list: readonly unknown[]) => list.map((_, index) => index)
  const several = sources.length + repartitions.length > 1
  const together = sub.copartitioned && several ? [{ sources, repartitions }] : []
  writer
    .appendString(sub.id)
    .appendArray(sources, appendName, true, false)
    .appendArray([], appendName, true, false)
    .appendArray([...sub.changelogTopics].sort(byName), appendTopic, true, false)
    .appendArray([...sub.repartitionSinkTopics].sort(), appendName, true, false)
    .appendArray(repartitions, appendTopic, true, false)
    .appendArray(
      together,
      (to, group) =>
        to
          .appendArray(indexes(group.sources), appendIndex, true, false)
          .appendArray([], appendIndex, true, false)
          .appendArray(indexes(group.repartitions), appendIndex, true, false)
          .appendTaggedFields(),
      true,
      false
    )
    .appendTaggedFields()
}

function appendTopic(writer: Writer, { name, partitions, configs }: StreamsTopic): void {
  writer
    .appendString(name)
    .appendInt32(partitions)
    // the broker's default replication factor
    .appendInt16(0)
    .appendArray(sortedEntries(configs), appendKeyValue, true, false)
    .appendTaggedFields()
}

function appendEndpoint(writer: Writer, endpoint: string | null): void {
  if (endpoint === null) {
    writer.appendInt8(-1)
    return
  }
  const colon = endpoint.lastIndexOf(':')
  writer
    .appendInt8(1)
    .appendString(endpoint.slice(0, colon))
    .appendUnsignedInt16(Number(endpoint.slice(colon + 1)))
    .appendTaggedFields()
}

function appendTaskIds(writer: Writer, { subTopology, partitions }: TaskIds): void {
  writer
    .appendString(subTopology)
    .appendArray([...partitions], (to, partition) => to.appendInt32(partition), true, false)
    .appendTaggedFields()
}

function appendKeyValue(writer: Writer, [key, value]: readonly [string, string]): void {
  writer.appendString(key).appendString(value).appendTaggedFields()
}

function appendName(writer: Writer, name: string): void {
  writer.appendString(name)
}

function appendIndex(writer: Writer, index: number): void {
  writer.appendInt16(index)
}

function sortedEntries(record: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
}

function byName(a: StreamsTopic, b: StreamsTopic): number {
  return a.name < b.name ? -1 : 1
}

function copy<T>(list: readonly T[] | null | undefined): T[] | null {
  return list === null || list === undefined ? null : [...list]
}

/*
 * StreamsGroupHeartbeat answer; fields of version 1 alone are marked:
 *
 *   int32 throttle_time_ms | int16 error_code | string? error_message | string member_id | int32 member_epoch | int32 heartbeat_interval_ms |
 *   int32 acceptable_recovery_lag (version 0) | int32 task_offset_interval_ms | int64 acceptable_recovery_lag (version 1) |
 *   status[]? | task_ids[]? active | task_ids[]? standby | task_ids[]? warmup | bool topology_description_required (version 1) |
 *   int32 endpoint_information_epoch | endpoint_partitions[]?
 *
 *   status: int8 code | string detail
 *   endpoint_partitions: endpoint (string host | uint16 port) | topic_partitions[] active | topic_partitions[] standby
 *   topic_partitions: string topic | int32[] partitions
 */
function parseResponse(
  version: 0 | 1
): (...args: [number, number, number, Reader]) => StreamsHeartbeatAnswer {
  return (_correlationId, _apiKey, _apiVersion, reader) => {
    reader.readInt32()
    const errorCode = reader.readInt16()
    const errorMessage = reader.readNullableString()
    reader.readString()
    const memberEpoch = reader.readInt32()
    const heartbeatIntervalMs = reader.readInt32()
    if (version === 0) reader.readInt32()
    const taskOffsetIntervalMs = reader.readInt32()
    if (version === 1) reader.readInt64()
    const status = reader.readNullableArray(readStatus, true, false) ?? []
    const active = reader.readNullableArray(readTaskIds, true, false)
    const standby = reader.readNullableArray(readTaskIds, true, false) ?? []
    const warmup = reader.readNullableArray(readTaskIds, true, false) ?? []
    if (version === 1) reader.readBoolean()
    const endpointEpoch = reader.readInt32()
    const endpoints = reader.readNullableArray(readEndpoint, true, false)
    return {
      errorCode,
      errorMessage,
      memberEpoch,
      heartbeatIntervalMs,
      taskOffsetIntervalMs,
      status,
      tasks: active === null ? null : { active, standby, warmup },
      endpointEpoch,
      endpoints
    }
  }
}

function readStatus(reader: Reader): { readonly code: number; readonly detail: string } {
  const status = { code: reader.readInt8(), detail: reader.readString() }
  reader.readTaggedFields()
  return status
}

function readTaskIds(reader: Reader): TaskIds {
  const tasks = {
    subTopology: reader.readString(),
    partitions: reader.readArray((from) => from.readInt32(), true, false)
  }
  reader.readTaggedFields()
  return tasks
}

function readEndpoint(reader: Reader): StreamsEndpoint {
  const host = reader.readString()
  const port = reader.readUnsignedInt16()
  reader.readTaggedFields()
  const endpoint = {
    endpoint: `${host}:${port}`,
    active: reader.readArray(readTopicPartitions, true, false).flat(),
    standby: reader.readArray(readTopicPartitions, true, false).flat()
  }
  reader.readTaggedFields()
  return endpoint
}

function readTopicPartitions(reader: Reader): TopicPartition[] {
  const topic = reader.readString()
  const partitions = reader.readArray((from) => from.readInt32(), true, false)
  reader.readTaggedFields()
  return partitions.map((partition) => ({ topic, partition }))
}

export const streamsGroupHeartbeat: Readonly<Record<0 | 1, API<[StreamsHeartbeat], StreamsHeartbeatAnswer>>> =
  {
    0: createAPI(88, 0, createRequest, parseResponse(0)),
    1: createAPI(88, 1, createRequest, parseResponse(1))
  }
