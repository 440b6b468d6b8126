import { type Headers, headerText, readDeadLetter } from '../../index.ts'
import type { TopicRecord } from '../read-topic.ts'

/** A dead letter, and the record that it stands for. */
export interface DeadLetterSource {
  /** Where the source record is; undefined where the error was not a record's. */
  readonly topic: string | undefined
  readonly partition: number
  readonly offset: number
  /** Why it is here. */
  readonly reason: string
  /** The source record; undefined where it was too large to be kept beside the reason. */
  readonly record: SourceRecord | undefined
}

export interface SourceRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: number
  readonly headers: Headers
}

/** Says where a replayed record was taken from: `topic-partition-offset` of the dead letter. */
export const replayedHeader = 'store-sku.replayed.from'

/** Headers that dead letters have beside those of their source records. */
const graphs = /^__streams\.errors\./
const sinks = /^(error\.(reason|sink|value)|origin\.(topic|partition|offset|key))$/

/**
 * Reads a dead letter of a graph (KIP-1034's headers), of a sink, or a notification that the ingest could not understand, which was no record before.
 * Throws DESERIALIZATION for a record that is none of them.
 */
export function readSource(record: TopicRecord<Buffer, Buffer>): DeadLetterSource {
  const headers = record.headers()
  if (headerText(headers, 'origin.topic') !== undefined) return sinkSource(record, headers)
  const reason = headerText(headers, 'reason')
  const notified = headerText(headers, 'source')
  if (reason === undefined || notified === undefined || headers.some(({ key }) => graphs.test(key)))
    return graphSource(record, headers)
  return { topic: undefined, partition: -1, offset: -1, reason: `${notified}: ${reason}`, record: undefined }
}

function graphSource(record: TopicRecord<Buffer, Buffer>, headers: Headers): DeadLetterSource {
  const { timestamp } = record
  const letter = readDeadLetter({ key: record.key(), value: record.value(), timestamp, headers })
  const leftOut = headerText(headers, '__streams.errors.left.out') !== undefined
  return {
    topic: letter.topic,
    partition: letter.partition,
    offset: letter.offset,
    reason: `${letter.exception}: ${letter.message}`,
    record: leftOut
      ? undefined
      : { key: letter.key, value: letter.value, timestamp, headers: without(headers, graphs) }
  }
}

function sinkSource(record: TopicRecord<Buffer, Buffer>, headers: Headers): DeadLetterSource {
  const leftOut = headerText(headers, 'error.value') !== undefined
  return {
    topic: headerText(headers, 'origin.topic'),
    partition: Number(headerText(headers, 'origin.partition')),
    offset: Number(headerText(headers, 'origin.offset')),
    reason: `${headerText(headers, 'error.sink')}: ${headerText(headers, 'error.reason')}`,
    record: leftOut
      ? undefined
      : {
          key: headers.findLast(({ key }) => key === 'origin.key')?.value ?? null,
          value: record.value(),
          timestamp: record.timestamp,
          headers: without(headers, sinks)
        }
  }
}

function without(headers: Headers, names: RegExp): Headers {
  return headers.filter(({ key }) => !names.test(key) && key !== replayedHeader)
}
