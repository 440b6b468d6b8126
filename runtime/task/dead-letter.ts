import { StreamsError } from '../../core/errors.ts'
import { type Headers, headerText, type StreamRecord, textHeader } from '../../core/record.ts'
import type { DeadLetterChanges, ErrorHandlerContext } from './error-handlers.ts'

/** The headers that say what happened to a dead letter, as Kafka Streams names them (KIP-1034, `ExceptionHandlerUtils`). */
const names = {
  /** The class of the error; for ours with its code, e.g. `StreamsError.DESERIALIZATION`. */
  exception: '__streams.errors.exception',
  message: '__streams.errors.message',
  stacktrace: '__streams.errors.stacktrace',
  /** Where the source record is; without a value where there was none. */
  topic: '__streams.errors.topic',
  partition: '__streams.errors.partition',
  offset: '__streams.errors.offset'
} as const

/** Not Kafka's: the source record had no room beside the reason, and is only named. */
const leftOutHeader = '__streams.errors.left.out'

const longestMessage = 1000
const longestStackTrace = 8000

/** A record for the dead-letter topic. */
export type DeadLetterRecord = StreamRecord<Buffer, Buffer>

/** A dead letter as it is read back. */
export interface DeadLetter {
  /** The source record's bytes, unless the handler gave others. */
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: number
  /** All headers, the source record's first. */
  readonly headers: Headers
  readonly exception: string
  readonly message: string
  readonly stacktrace: string
  /** Undefined where the error was not a record's: in punctuation. */
  readonly topic: string | undefined
  readonly partition: number
  readonly offset: number
}

/** The source record as it was, with the reason in headers. */
export function deadLetterRecord(
  context: ErrorHandlerContext,
  error: Error,
  changes: DeadLetterChanges
): DeadLetterRecord {
  const { sourceRawKey, sourceRawValue, timestamp, headers } = context
  const stacktrace = textHeader(names.stacktrace, (error.stack ?? '').slice(0, longestStackTrace))
  return {
    key: changes.key === undefined ? sourceRawKey : changes.key,
    value: changes.value === undefined ? sourceRawValue : changes.value,
    timestamp,
    headers: [...headers, ...reasonHeaders(context, error), stacktrace, ...(changes.headers ?? [])]
  }
}

/** For a source record so large that it does not fit with the reason: where it is, and the reason. */
export function shortDeadLetterRecord(context: ErrorHandlerContext, error: Error): DeadLetterRecord {
  return {
    key: null,
    value: null,
    timestamp: context.timestamp,
    headers: [
      ...reasonHeaders(context, error),
      textHeader(leftOutHeader, 'key, value, headers and stack trace: together they are too large')
    ]
  }
}

/** Reads a dead letter. Throws DESERIALIZATION for a record that is none. */
export function readDeadLetter(record: StreamRecord<Buffer, Buffer>): DeadLetter {
  const { key, value, timestamp, headers } = record
  const exception = headerText(headers, names.exception)
  if (exception === undefined)
    throw new StreamsError('DESERIALIZATION', `not a dead letter: it has no header ${names.exception}`)
  return {
    key,
    value,
    timestamp,
    headers,
    exception,
    message: headerText(headers, names.message) ?? '',
    stacktrace: headerText(headers, names.stacktrace) ?? '',
    topic: headerText(headers, names.topic),
    partition: Number(headerText(headers, names.partition) ?? -1),
    offset: Number(headerText(headers, names.offset) ?? -1)
  }
}

function reasonHeaders(context: ErrorHandlerContext, error: Error): Headers {
  const { topic, partition, offset } = context
  return [
    textHeader(names.exception, error instanceof StreamsError ? `${error.name}.${error.code}` : error.name),
    textHeader(names.message, error.message.slice(0, longestMessage)),
    topic === undefined ? { key: names.topic, value: null } : textHeader(names.topic, topic),
    textHeader(names.partition, String(partition)),
    textHeader(names.offset, String(offset))
  ]
}
