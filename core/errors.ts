/**
 * The closed list of error codes and what to do about each. docs/errors.md explains them one by one; a test keeps
 * the list and the page equal.
 *
 * - `retry`: the same call may succeed later, nothing was lost
 * - `restart-task`: drop the task's uncommitted work and make it anew from its last commit
 * - `fix-input`: the record, file or setting is wrong; it will fail again
 * - `stop`: this process must not go on
 */
export const errorActions = {
  CONFIG_INVALID: 'fix-input',
  TOPOLOGY_INVALID: 'fix-input',
  TOPOLOGY_CHANGED: 'fix-input',
  ASYNC_FUNCTION: 'fix-input',
  DESERIALIZATION: 'fix-input',
  SERIALIZATION: 'fix-input',
  PROCESSOR_FAILED: 'fix-input',
  RECORD_TOO_LARGE: 'fix-input',
  TOPIC_MISSING: 'fix-input',
  TOPIC_MISMATCH: 'fix-input',
  BROKER_UNAVAILABLE: 'retry',
  BROKER_REFUSED: 'stop',
  BATCH_CORRUPT: 'stop',
  OFFSET_OUT_OF_RANGE: 'restart-task',
  PRODUCE_FAILED: 'restart-task',
  PRODUCER_FENCED: 'stop',
  TRANSACTION_ABORTABLE: 'restart-task',
  GROUP_REBALANCE: 'retry',
  GROUP_FENCED: 'stop',
  GROUP_NOT_EMPTY: 'retry',
  APPLICATION_SHUTDOWN: 'stop',
  TASK_STUCK: 'fix-input',
  THREAD_DIED: 'restart-task',
  STORE_CORRUPT: 'restart-task',
  STORE_LOCKED: 'retry',
  STORE_CLOSED: 'restart-task',
  STORE_FULL: 'stop',
  STORE_FAILED: 'restart-task',
  STORE_UNKNOWN: 'fix-input',
  BUFFER_OVERFLOW: 'fix-input',
  SINK_UNAVAILABLE: 'retry',
  SINK_FENCED: 'restart-task',
  FILE_UNREADABLE: 'fix-input',
  OBJECT_STORE_UNAVAILABLE: 'retry'
} as const

export type ErrorCode = keyof typeof errorActions
export type ErrorAction = (typeof errorActions)[ErrorCode]

/** Every error this library throws on purpose. `code` is stable; the message is for people. */
export class StreamsError extends Error {
  override readonly name = 'StreamsError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }

  get action(): ErrorAction {
    return errorActions[this.code]
  }
}

/** True for a StreamsError with that code, whatever realm it came from. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof StreamsError && error.code === code
}
