import { type ErrorCode, hasCode, StreamsError } from '../../core/errors.ts'
import { type Logger, silentLogger } from '../../core/logger.ts'
import { type Headers, noHeaders, partitionName, type StreamRecord } from '../../core/record.ts'
import type { RecordCursor } from '../../kafka/batch/record-cursor.ts'
import type { DropReason, Forward, ForwardChange } from '../../processors/operator.ts'
import type { AnyForward } from '../../topology/graph-node.ts'
import { deadLetterRecord, shortDeadLetterRecord } from './dead-letter.ts'
import {
  asError,
  ask,
  type ErrorHandlerContext,
  type ErrorHandlers,
  type ErrorResponse,
  failingHandlers,
  type Handler
} from './error-handlers.ts'

/** The kinds of error that have a handler. */
export const errorKinds = ['deserialization', 'processing', 'production'] as const satisfies DropReason[]
export type ErrorKind = (typeof errorKinds)[number]

/** A record where it was read. */
export interface RecordSource {
  readonly topic: string
  readonly partition: number
  /** Stands on the record. */
  readonly cursor: RecordCursor
}

export interface ErrorHandlingParts {
  readonly taskId: string
  /** Default: all fail. */
  readonly handlers?: ErrorHandlers | undefined
  /** Writes to the dead-letter topic; without it (global tables have no producer) dead letters are dropped, which the log tells. */
  readonly deadLetters?: Forward<Buffer | null, Buffer | null> | undefined
  /** The wall clock, ms. */
  readonly now: () => number
  readonly onDropped: (reason: DropReason) => void
  readonly onDeadLetter?: ((reason: ErrorKind) => void) | undefined
  readonly logger?: Logger | undefined
}

/** Errors of ours that a record can be at fault for. All others are the system's, or the graph's: no handler is asked about them. */
const ofRecords: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'DESERIALIZATION',
  'SERIALIZATION',
  'PROCESSOR_FAILED',
  'FILE_UNREADABLE'
])

/** Whether what was thrown is one record's fault. A serde of the user's own may throw anything. */
export function isOfRecord(thrown: unknown): boolean {
  return (
    !(thrown instanceof StreamsError) || (!(thrown instanceof DecidedFailure) && ofRecords.has(thrown.code))
  )
}

const LOG_EVERY_MS = 10_000

/** A failure about which all is decided: it passes every step up to the thread. */
class DecidedFailure extends StreamsError {}

/**
 * What becomes of errors in one task. While nothing goes wrong it costs a field per record, and one call per step if a handler could let
 * processing go on.
 */
export class ErrorHandling {
  /** The record that is being processed; undefined in punctuation and at commits. */
  source: RecordSource | undefined
  readonly #parts: ErrorHandlingParts
  readonly #handlers: ErrorHandlers
  #quietUntil = Number.NEGATIVE_INFINITY
  #quiet = 0

  constructor(parts: ErrorHandlingParts) {
    this.#parts = parts
    this.#handlers = parts.handlers ?? failingHandlers
  }

  /** Whether steps must be guarded; else each error goes straight up. */
  get guardsSteps(): boolean {
    const { processingExceptionHandler, productionExceptionHandler } = this.#handlers
    return processingExceptionHandler !== 'fail' || productionExceptionHandler !== 'fail'
  }

  /** The record at `source` cannot be read. Returns when it is to be passed over, throws otherwise. */
  deserialization(thrown: unknown, source: RecordSource, node: string): void {
    this.#rethrowIfNotOfRecord(thrown)
    this.source = source
    const error = thrown instanceof StreamsError ? thrown : unreadable(thrown)
    const context = this.#context(node)
    const { sourceRawKey: key, sourceRawValue: value, timestamp, headers } = context
    const record = { key, value, timestamp, headers }
    const handler = this.#handlers.deserializationExceptionHandler
    const response = this.#ask('deserialization', handler, context, error, record)
    this.#obey('deserialization', response, context, error)
  }

  /** A step with its guard: what it throws is for the processing handler. `takesChanges`: it gets a table's changes, not records. */
  guardStep(node: string, step: AnyForward, takesChanges: boolean): AnyForward {
    if (takesChanges) {
      const change = step as ForwardChange<unknown, unknown>
      return (value, old, key, timestamp, headers, latest) => {
        try {
          change(value, old, key, timestamp, headers, latest)
        } catch (error) {
          this.#processing(error, node, { key: key ?? null, value: value ?? null, timestamp, headers })
        }
      }
    }
    const forward = step as Forward<unknown, unknown>
    return (value: unknown, key: unknown, timestamp: number, headers: Headers) => {
      try {
        forward(value, key, timestamp, headers)
      } catch (error) {
        this.#processing(error, node, { key: key ?? null, value: value ?? null, timestamp, headers })
      }
    }
  }

  /** A punctuator with its guard. */
  guardPunctuator(node: string, callback: (timestamp: number) => void): (timestamp: number) => void {
    return (timestamp) => {
      try {
        callback(timestamp)
      } catch (error) {
        this.#processing(error, node, undefined)
      }
    }
  }

  /** The end of the chain with its guard: what it throws is for the production handler. */
  guardSink(node: string, topic: string, sink: Forward<unknown, unknown>): Forward<unknown, unknown> {
    return (value, key, timestamp, headers) => {
      try {
        sink(value, key, timestamp, headers)
      } catch (thrown) {
        if (!hasCode(thrown, 'RECORD_TOO_LARGE')) this.#rethrowIfNotOfRecord(thrown)
        const error = asError(thrown)
        const context = this.#context(node)
        const record = { topic, key: key ?? null, value: value ?? null, timestamp, headers }
        const handler = this.#handlers.productionExceptionHandler
        this.#obey('production', this.#ask('production', handler, context, error, record), context, error)
      }
    }
  }

  /** An error on its way up, with what was being processed in front. */
  failure(thrown: unknown): StreamsError {
    if (thrown instanceof DecidedFailure) return thrown
    const { source } = this
    const { taskId } = this.#parts
    const origin =
      source === undefined
        ? `task ${taskId}`
        : `${partitionName(source.topic, source.partition)} at offset ${source.cursor.offset}`
    const error = asError(thrown)
    const code = thrown instanceof StreamsError ? thrown.code : 'PROCESSOR_FAILED'
    return new DecidedFailure(code, `${origin}: ${error.message}`, thrown)
  }

  #processing(thrown: unknown, node: string, record: StreamRecord<unknown, unknown> | undefined): void {
    this.#rethrowIfNotOfRecord(thrown)
    const error = asError(thrown)
    const context = this.#context(node)
    const handler = this.#handlers.processingExceptionHandler
    this.#obey('processing', this.#ask('processing', handler, context, error, record), context, error)
  }

  #rethrowIfNotOfRecord(thrown: unknown): void {
    if (!isOfRecord(thrown)) throw this.failure(thrown)
  }

  /** A handler that fails ends the task, whatever stands around the step. */
  #ask<R>(
    kind: ErrorKind,
    handler: Handler<R>,
    context: ErrorHandlerContext,
    error: Error,
    record: R
  ): ErrorResponse {
    try {
      return ask(kind, handler, context, error, record)
    } catch (thrown) {
      throw this.failure(thrown)
    }
  }

  #obey(kind: ErrorKind, response: ErrorResponse, context: ErrorHandlerContext, error: Error): void {
    if (response === 'fail') throw this.failure(error)
    const { deadLetters, onDeadLetter, onDropped } = this.#parts
    if (response !== 'continue' && deadLetters !== undefined) {
      this.#write(deadLetters, context, error, response)
      onDeadLetter?.(kind)
    }
    onDropped(kind)
    this.#log(kind, context, error)
  }

  #write(
    deadLetters: Forward<Buffer | null, Buffer | null>,
    context: ErrorHandlerContext,
    error: Error,
    response: Exclude<ErrorResponse, 'fail' | 'continue'>
  ): void {
    const changes = response === 'dead-letter' ? {} : response.deadLetter
    const { key, value, timestamp, headers } = deadLetterRecord(context, error, changes)
    try {
      try {
        deadLetters(value, key, timestamp, headers)
      } catch (thrown) {
        if (!hasCode(thrown, 'RECORD_TOO_LARGE')) throw thrown
        const short = shortDeadLetterRecord(context, error)
        deadLetters(short.value, short.key, short.timestamp, short.headers)
      }
    } catch (thrown) {
      // a step around this one must not take it for an error of its record
      throw this.failure(thrown)
    }
  }

  #context(processorNodeId: string): ErrorHandlerContext {
    const { taskId, now } = this.#parts
    const { source } = this
    if (source === undefined)
      return {
        topic: undefined,
        partition: -1,
        offset: -1,
        headers: noHeaders,
        timestamp: now(),
        processorNodeId,
        taskId,
        sourceRawKey: null,
        sourceRawValue: null
      }
    const { topic, partition, cursor } = source
    const { buffer, keyStart, keyEnd, valueStart, valueEnd, offset } = cursor
    return {
      topic,
      partition,
      offset,
      headers: cursor.headers(),
      // of an old client, which gave none
      timestamp: Math.max(0, cursor.timestamp),
      processorNodeId,
      taskId,
      sourceRawKey: keyStart < 0 ? null : Buffer.from(buffer.subarray(keyStart, keyEnd)),
      sourceRawValue: valueStart < 0 ? null : Buffer.from(buffer.subarray(valueStart, valueEnd))
    }
  }

  /** Each one while they are few; a topic of nothing but bad records must not fill the disk with what is said about them. */
  #log(kind: ErrorKind, context: ErrorHandlerContext, error: Error): void {
    const now = this.#parts.now()
    if (now < this.#quietUntil) {
      this.#quiet++
      return
    }
    const { topic, partition, offset, processorNodeId, taskId } = context
    const origin =
      topic === undefined ? `task ${taskId}` : `${partitionName(topic, partition)} at offset ${offset}`
    const others = this.#quiet === 0 ? '' : `; ${this.#quiet} others since the last message`
    ;(this.#parts.logger ?? silentLogger).warn(
      `${origin}: dropped after an error of ${kind} in "${processorNodeId}": ${error.message}${others}`
    )
    this.#quietUntil = now + LOG_EVERY_MS
    this.#quiet = 0
  }
}

/** A serde of the user's own may throw anything. */
function unreadable(thrown: unknown): StreamsError {
  return new StreamsError('DESERIALIZATION', asError(thrown).message, thrown)
}
