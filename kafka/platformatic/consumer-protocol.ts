import { Reader, Writer } from '@platformatic/kafka'
import type { TopicPartition } from '../../core/record.ts'
import type { Share } from '../port/group-assignor.ts'
import { byTopic } from './group-partitions.ts'

/*
 * What members of a group of type "consumer" tell each other, in the layout that Kafka's tools can read (version 0, big-endian,
 * strings and arrays not compact; later versions add fields at the end):
 *
 *   subscription: int16 version | topics: string[] | user data: nullable bytes
 *   assignment:   int16 version | topics: string name, partitions: int32[] | user data: nullable bytes
 */

export interface Subscription {
  readonly topics: readonly string[]
  readonly userData: Buffer | null
}

export function encodeSubscription({ topics, userData }: Subscription): Buffer {
  return Writer.create()
    .appendInt16(0)
    .appendArray([...topics], (writer, topic) => writer.appendString(topic, false), false, false)
    .appendBytes(userData, false).buffer
}

/** No bytes at all stand for no topics. */
export function decodeSubscription(bytes: Buffer): Subscription {
  if (bytes.length === 0) return { topics: [], userData: null }
  const reader = Reader.from(bytes)
  reader.readInt16()
  const topics: string[] = []
  for (let left = reader.readInt32(); left > 0; left--) topics.push(reader.readString(false))
  return { topics, userData: reader.readNullableBytes(false) }
}

export function encodeAssignment({ partitions, userData }: Share): Buffer {
  return Writer.create()
    .appendInt16(0)
    .appendArray(
      byTopic(partitions),
      (writer, [topic, numbers]) =>
        writer
          .appendString(topic, false)
          .appendArray(numbers, (inner, partition) => inner.appendInt32(partition), false, false),
      false,
      false
    )
    .appendBytes(userData, false).buffer
}

/** No bytes at all stand for no partitions. */
export function decodeAssignment(bytes: Buffer): Share {
  if (bytes.length === 0) return { partitions: [], userData: null }
  const reader = Reader.from(bytes)
  reader.readInt16()
  const partitions: TopicPartition[] = []
  for (let topics = reader.readInt32(); topics > 0; topics--) {
    const topic = reader.readString(false)
    for (let left = reader.readInt32(); left > 0; left--)
      partitions.push({ topic, partition: reader.readInt32() })
  }
  return { partitions, userData: reader.readNullableBytes(false) }
}
