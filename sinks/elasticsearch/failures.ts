import { StreamsError } from '../../core/errors.ts'
import { elasticsearch } from './client-library.ts'

/** Answers that say "later": too many requests, a node or shard that is away, a gateway in between. */
export function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}

/** True if the request did not get through, or got through and is to be sent again. */
function isUnavailable(error: unknown): boolean {
  const { errors } = elasticsearch()
  if (error instanceof errors.ResponseError) return isPassing(error.statusCode ?? 503)
  return (
    error instanceof errors.ConnectionError ||
    error instanceof errors.TimeoutError ||
    error instanceof errors.NoLivingConnectionsError ||
    error instanceof errors.RequestAbortedError
  )
}

/** The error a sink throws for what the client threw. */
export function sinkError(sink: string, error: unknown): unknown {
  if (error instanceof StreamsError) return error
  if (isUnavailable(error))
    return new StreamsError('SINK_UNAVAILABLE', `sink ${sink}: ${(error as Error).message}`, error)
  if (error instanceof elasticsearch().errors.ResponseError)
    return new StreamsError('CONFIG_INVALID', `sink ${sink}: Elasticsearch refuses: ${error.message}`, error)
  return error
}
