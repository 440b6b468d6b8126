import { StreamsError } from '../../core/errors.ts'
import type { Headers, StreamRecord } from '../../core/record.ts'

/** Where an error happened. After Kafka Streams' `ErrorHandlerContext`. */
export interface ErrorHandlerContext {
  /**
   * Origin of the record that was being processed. In punctuation, and where a table's held-back change leaves its cache at a commit, there
   * is none: the topic is undefined, partition and offset are -1, there are no headers and no raw key and value.
   */
  readonly topic: string | undefined
  readonly partition: number
  readonly offset: number
  readonly headers: Headers
  /** Its event time, ms; without a record the wall clock's. */
  readonly timestamp: number
  /** The step, as `describe` names it. Empty for punctuation that was scheduled after the processor's `init`. */
  readonly processorNodeId: string
  /** `<sub-topology>_<partition>`. */
  readonly taskId: string
  /** The record's bytes as they were read, copied. */
  readonly sourceRawKey: Buffer | null
  readonly sourceRawValue: Buffer | null
}

/** A record that could not be written, as the step before meant it. */
export interface UnwrittenRecord extends StreamRecord<unknown, unknown> {
  readonly topic: string
}

/**
 * What becomes of the record:
 *
 * - `fail`: the application stops, without having committed it
 * - `continue`: it is dropped and counted
 * - `dead-letter`: the same, and its source record is written to the dead-letter topic, in the same transaction
 * - `{ deadLetter }`: likewise, with a key or value of your own, or more headers
 */
export type ErrorResponse = PlainErrorResponse | { readonly deadLetter: DeadLetterChanges }

export type PlainErrorResponse = 'continue' | 'fail' | 'dead-letter'

/** What is other than usual in a dead letter. */
export interface DeadLetterChanges {
  /** Default: the source record's. */
  readonly key?: Buffer | null
  readonly value?: Buffer | null
  /** Come after the source record's and those that say what happened. */
  readonly headers?: Headers
}

/**
 * Decides about a record whose key or value is not what its topic declares, the value's schema included (KIP-161). Gets the record's bytes.
 */
export type DeserializationExceptionHandler = (
  context: ErrorHandlerContext,
  error: Error,
  record: StreamRecord<Buffer, Buffer>
) => ErrorResponse

/**
 * Decides about a record for which a step threw (KIP-1033). Gets the record that came to the step (of a table's change the new value); undefined
 * in punctuation. What the step had forwarded and written to its stores before it threw stays, and the steps beside it get the record all
 * the same, as in Kafka Streams.
 */
export type ProcessingExceptionHandler = (
  context: ErrorHandlerContext,
  error: Error,
  record: StreamRecord<unknown, unknown> | undefined
) => ErrorResponse

/**
 * Decides about a record that cannot be written to an output or repartition topic: its serde refuses it (SERIALIZATION), or it is too large for the
 * producer (RECORD_TOO_LARGE) (KIP-210). What brokers refuse later is theirs and no handler's, and so is what a changelog refuses.
 */
export type ProductionExceptionHandler = (
  context: ErrorHandlerContext,
  error: Error,
  record: UnwrittenRecord
) => ErrorResponse

/** A function, or always the same response. */
export type Handler<R> =
  | ((context: ErrorHandlerContext, error: Error, record: R) => ErrorResponse)
  | PlainErrorResponse

/** The handlers of an application, each a function or always the same response. */
export interface ErrorHandlers {
  readonly deserializationExceptionHandler: DeserializationExceptionHandler | PlainErrorResponse
  readonly processingExceptionHandler: ProcessingExceptionHandler | PlainErrorResponse
  readonly productionExceptionHandler: ProductionExceptionHandler | PlainErrorResponse
}

/** As Kafka Streams' `LogAndFail` handlers: nothing is lost unless somebody has said so. */
export const failingHandlers: ErrorHandlers = {
  deserializationExceptionHandler: 'fail',
  processingExceptionHandler: 'fail',
  productionExceptionHandler: 'fail'
}

/** Whether dead letters may be written, so that their topic is needed. */
export function writesDeadLetters(handlers: ErrorHandlers): boolean {
  const { deserializationExceptionHandler, processingExceptionHandler, productionExceptionHandler } = handlers
  return [deserializationExceptionHandler, processingExceptionHandler, productionExceptionHandler].some(
    (handler) => typeof handler === 'function' || handler === 'dead-letter'
  )
}

/** The name of the dead-letter topic unless one is given. */
export function defaultDeadLetterTopic(applicationId: string): string {
  return `${applicationId}-dead-letters`
}

const plainResponses: ReadonlySet<unknown> = new Set<PlainErrorResponse>(['continue', 'fail', 'dead-letter'])

/** Asks a handler. One that throws, or answers anything else than a response, ends the application: throws PROCESSOR_FAILED, ASYNC_FUNCTION. */
export function ask<R>(
  what: string,
  handler: Handler<R>,
  context: ErrorHandlerContext,
  error: Error,
  record: R
): ErrorResponse {
  if (typeof handler === 'string') return handler
  let response: ErrorResponse
  try {
    response = handler(context, error, record)
  } catch (thrown) {
    const { message } = asError(thrown)
    throw new StreamsError(
      'PROCESSOR_FAILED',
      `the ${what} handler threw: ${message}; it was asked about: ${error.message}`,
      thrown
    )
  }
  if (plainResponses.has(response)) return response
  if ((response as unknown) instanceof Promise) {
    ;(response as unknown as Promise<unknown>).catch(() => undefined)
    throw new StreamsError('ASYNC_FUNCTION', `the ${what} handler returned a promise; it must be synchronous`)
  }
  if (typeof response === 'object' && response !== null && typeof response.deadLetter === 'object')
    return response
  throw new StreamsError(
    'PROCESSOR_FAILED',
    `the ${what} handler must return 'continue', 'fail', 'dead-letter' or { deadLetter }`,
    error
  )
}

/** What was thrown as an error; anything can be thrown. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
