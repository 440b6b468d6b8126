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

// the engines pass on what the system says (strerror)
const full = /no space left|quota exceeded|file too large|ENOSPC|EDQUOT|EFBIG/i
/** A file that should be there is damage too; a full or read-only disk is not. */
const damaged =
  /corrupt|checksum|no such file|does not exist|missing files|bad table magic|too short to be an sstable|truncated block|\.(ldb|sst): invalid argument/i
const closed = /not open|is closed/i

function isDamage({ code, message = '' }: NativeError): boolean {
  return code === 'LEVEL_CORRUPTION' || damaged.test(message)
}

/** Turns an engine's failure to open into the project's error. */
export function openError(store: string, directory: string, error: unknown): StreamsError {
  if (error instanceof StreamsError) return error
  const native = innermost(error)
  const { code, message = String(error) } = native
  if (code === 'LEVEL_LOCKED')
    return new StreamsError('STORE_LOCKED', `store ${store} is open elsewhere: ${message}`, error)
  if (full.test(message)) return fullError(store, message, error)
  if (isDamage(native))
    return new StreamsError('STORE_CORRUPT', `store ${store} in ${directory} is damaged: ${message}`, error)
  return new StreamsError(
    'CONFIG_INVALID',
    `store ${store} cannot be opened in ${directory}: ${message}`,
    error
  )
}

/** Turns a failed read or write of an open engine into the project's error; damage is told to `onDamage`. */
export function operationError(
  store: string,
  error: unknown,
  onDamage?: (damage: StreamsError) => void
): StreamsError {
  const meant = meaningOf(store, error)
  if (meant.code === 'STORE_CORRUPT') onDamage?.(meant)
  return meant
}

function meaningOf(store: string, error: unknown): StreamsError {
  if (error instanceof StreamsError) return error
  const native = innermost(error)
  const { message = String(error) } = native
  if (full.test(message)) return fullError(store, message, error)
  if (isDamage(native))
    return new StreamsError('STORE_CORRUPT', `store ${store} is damaged: ${message}`, error)
  if (closed.test(message)) return new StreamsError('STORE_CLOSED', `store ${store} is closed`, error)
  return new StreamsError('STORE_FAILED', `store ${store} failed and must be opened again: ${message}`, error)
}

function fullError(store: string, message: string, cause: unknown): StreamsError {
  return new StreamsError('STORE_FULL', `store ${store} has no room to write: ${message}`, cause)
}
