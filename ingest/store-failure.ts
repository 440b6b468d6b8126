import { S3ServiceException } from '@aws-sdk/client-s3'
import { StreamsError } from '../index.ts'

/** The HTTP status of the store's answer; undefined: there was none. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
}

/** Every failure of the action is OBJECT_STORE_UNAVAILABLE. */
export async function guard<T>(doing: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw unavailable(doing, error)
  }
}

/** What is told of an object store that does not do what it is asked. */
export function unavailable(doing: string, error: unknown): StreamsError {
  const { name, message } = error as Error
  // an answer without a body, as to a HEAD, says no more than its status
  const status = statusOf(error)
  const said = status === undefined ? message || name : `${message || name} (HTTP ${status})`
  return new StreamsError('OBJECT_STORE_UNAVAILABLE', `${doing} failed: ${said}`, error)
}

/** Answers that say nothing of the object, but that the store is asked too much, or does not know who asks. */
const passingStatuses: ReadonlySet<number> = new Set([401, 407, 408, 429])
const unknownCaller =
  /^(?:ExpiredToken|InvalidAccessKeyId|InvalidToken|RequestTimeTooSkewed|SignatureDoesNotMatch|TokenRefreshRequired)/

/** Whether that failure is the store's refusal of what was asked for: it is there, and others may be had. */
export function isRefusal({ cause }: StreamsError): boolean {
  const status = statusOf(cause)
  if (status === undefined || status < 400 || status > 499 || passingStatuses.has(status)) return false
  return !unknownCaller.test((cause as Error).name)
}
