import type { ErrorCode } from '../../core/errors.ts'
import { StreamsError } from '../../core/errors.ts'

/** An error on its way to another thread, where `postMessage` would leave only its message. */
export interface ErrorCopy {
  /** Undefined: it was not one of ours. */
  readonly code: ErrorCode | undefined
  readonly message: string
  readonly stack: string | undefined
  readonly cause: ErrorCopy | undefined
}

export function copyOf(error: unknown): ErrorCopy {
  if (!(error instanceof Error))
    return { code: undefined, message: String(error), stack: undefined, cause: undefined }
  return {
    code: error instanceof StreamsError ? error.code : undefined,
    message: error.message,
    stack: error.stack,
    cause: error.cause === undefined ? undefined : copyOf(error.cause)
  }
}

export function errorOf({ code, message, stack, cause }: ErrorCopy): Error {
  const inner = cause === undefined ? undefined : errorOf(cause)
  const error =
    code === undefined
      ? new Error(message, inner && { cause: inner })
      : new StreamsError(code, message, inner)
  if (stack !== undefined) error.stack = stack
  return error
}
