import { StreamsError } from '../../core/errors.ts'

interface NativeError {
  readonly code?: string
  readonly message?: string
  readonly cause?: unknown
}

/** The native error itself: abstract-level wraps what went wrong at opening into LEVEL_DATABASE_NOT_OPEN. */
function innermost(error: unknown): NativeError {
  let inner = error as NativeError
  while (inner?.cause !== undefined) inner = inner.cause as NativeError
  return inner ?? {}
}

/** Turns an engine's failure to open into the project's error. */
export function openError(store: string, directory: string, error: unknown): StreamsError {
  const { code, message = String(error) } = innermost(error)
  if (code === 'LEVEL_LOCKED')
    return new StreamsError('STORE_LOCKED', `store ${store} is open elsewhere: ${message}`, error)
  // a file that should be there is damage too; a full or read-only disk is not
  if (code === 'LEVEL_CORRUPTION' || /corrupt|no such file|does not exist/i.test(message))
    return new StreamsError('STORE_CORRUPT', `store ${store} in ${directory} is damaged: ${message}`, error)
  return new StreamsError(
    'CONFIG_INVALID',
    `store ${store} cannot be opened in ${directory}: ${message}`,
    error
  )
}

/** Turns a failed read or write of an open engine into the project's error. */
export function operationError(store: string, error: unknown): StreamsError {
  const { code, message = String(error) } = innermost(error)
  if (code === 'LEVEL_CORRUPTION')
    return new StreamsError('STORE_CORRUPT', `store ${store} is damaged: ${message}`, error)
  return new StreamsError('STORE_CLOSED', `store ${store} failed and must be opened again: ${message}`, error)
}
