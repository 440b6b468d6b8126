import { type API, createAPI, type Reader, Writer } from '@platformatic/kafka'
import type { StreamsTasks, TaskIds } from '../port/streams-group.ts'

export interface DescribedStreamsMember {
  readonly memberId: string
  readonly instanceId: string | null
  /** What it was given last; not its target, for which others may have to give something up. */
  readonly assigned: StreamsTasks
}

/** A streams group as its coordinator sees it; no more of it than is read here. */
export interface DescribedStreamsGroup {
  readonly errorCode: number
  readonly errorMessage: string | null
  readonly members: readonly DescribedStreamsMember[]
}

/*
 * StreamsGroupDescribe (API key 89), version 0, compact strings and arrays, each struct with tagged fields at its end.
 *
 * Request:  string[] group_ids | bool include_authorized_operations
 * Response: int32 throttle_time_ms | group[]
 *
 *   group:       int16 error_code | string? error_message | string group_id | string group_state | int32 group_epoch |
 *                int32 assignment_epoch | topology? | member[] | int32 authorized_operations
 *   topology:    int8 1 | int32 epoch | subtopology[]?                                      (int8 -1: null)
 *   subtopology: string id | string[] source_topics | string[] repartition_sinks | topic_info[] changelogs | topic_info[] repartition_sources
 *   topic_info:  string name | int32 partitions | int16 replication_factor | key_value[] configs
 *   member:      string member_id | int32 member_epoch | string? instance_id | string? rack_id | string client_id | string client_host |
 *                int32 topology_epoch | string process_id | endpoint? | key_value[] client_tags | task_offset[] offsets |
 *                task_offset[] end_offsets | assignment | assignment target | bool is_classic
 *   endpoint:    int8 1 | string host | uint16 port                                         (int8 -1: null)
 *   task_offset: string subtopology_id | int32 partition | int64 offset
 *   assignment:  task_ids[] active | task_ids[] standby | task_ids[] warmup
 *   task_ids:    string subtopology_id | int32[] partitions
 */
function createRequest(groupIds: readonly string[]): Writer {
  return Writer.create()
    .appendArray([...groupIds], (to, id) => to.appendString(id), true, false)
    .appendBoolean(false)
    .appendTaggedFields()
}

function parseResponse(
  _correlationId: number,
  _apiKey: number,
  _apiVersion: number,
  reader: Reader
): DescribedStreamsGroup[] {
  reader.readInt32()
  return reader.readArray(readGroup, true, false)
}

function readGroup(reader: Reader): DescribedStreamsGroup {
  const errorCode = reader.readInt16()
  const errorMessage = reader.readNullableString()
  reader.readString()
  reader.readString()
  reader.readInt32()
  reader.readInt32()
  skipTopology(reader)
  const members = reader.readArray(readMember, true, false)
  reader.readInt32()
  reader.readTaggedFields()
  return { errorCode, errorMessage, members }
}

function skipTopology(reader: Reader): void {
  if (reader.readInt8() === -1) return
  reader.readInt32()
  reader.readNullableArray(skipSubTopology, true, false)
  reader.readTaggedFields()
}

function skipSubTopology(reader: Reader): void {
  reader.readString()
  reader.readArray(skipName, true, false)
  reader.readArray(skipName, true, false)
  reader.readArray(skipTopic, true, false)
  reader.readArray(skipTopic, true, false)
  reader.readTaggedFields()
}

function skipTopic(reader: Reader): void {
  reader.readString()
  reader.readInt32()
  reader.readInt16()
  reader.readArray(skipKeyValue, true, false)
  reader.readTaggedFields()
}

function readMember(reader: Reader): DescribedStreamsMember {
  const memberId = reader.readString()
  reader.readInt32()
  const instanceId = reader.readNullableString()
  reader.readNullableString()
  reader.readString()
  reader.readString()
  reader.readInt32()
  reader.readString()
  if (reader.readInt8() !== -1) {
    reader.readString()
    reader.readUnsignedInt16()
    reader.readTaggedFields()
  }
  reader.readArray(skipKeyValue, true, false)
  reader.readArray(skipTaskOffset, true, false)
  reader.readArray(skipTaskOffset, true, false)
  const assigned = readAssignment(reader)
  readAssignment(reader)
  reader.readBoolean()
  reader.readTaggedFields()
  return { memberId, instanceId, assigned }
}

function readAssignment(reader: Reader): StreamsTasks {
  const [active, standby, warmup] = [readRole(reader), readRole(reader), readRole(reader)]
  reader.readTaggedFields()
  return { active, standby, warmup }
}

function readRole(reader: Reader): readonly TaskIds[] {
  return reader.readArray(readTaskIds, true, false)
}

function readTaskIds(reader: Reader): TaskIds {
  const tasks = {
    subTopology: reader.readString(),
    partitions: reader.readArray((from) => from.readInt32(), true, false)
  }
  reader.readTaggedFields()
  return tasks
}

function skipTaskOffset(reader: Reader): void {
  reader.readString()
  reader.readInt32()
  reader.readInt64()
  reader.readTaggedFields()
}

function skipKeyValue(reader: Reader): void {
  reader.readString()
  reader.readString()
  reader.readTaggedFields()
}

function skipName(reader: Reader): void {
  reader.readString()
}

export const streamsGroupDescribe: API<[readonly string[]], DescribedStreamsGroup[]> = createAPI(
  89,
  0,
  createRequest,
  parseResponse
)
