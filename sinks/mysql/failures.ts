import { StreamsError } from '../../core/errors.ts'

/** What the driver throws for an answer of the server. */
interface ServerError extends Error {
  readonly errno: number
  readonly sqlState: string
}

function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && 'sqlState' in error && 'errno' in error
}

/** A row that the server would not even read. */
export class RowTooLarge extends Error {}

const noPartition = 1526

/*
 * Failures for the rows they were given that carry no class of their own: 1265 data cut, 1364 no value and no default, 1366 wrong
 * value, 1526 no partition, 3819 and 4025 a check constraint.
 */
const dataErrors: ReadonlySet<number> = new Set([1265, 1364, 1366, noPartition, 3819, 4025])

/** Why the statement failed for its rows: classes 22 (data) and 23 (a constraint), and those above. */
export function refusal(error: unknown): string | undefined {
  if (error instanceof RowTooLarge) return error.message
  if (!isServerError(error)) return undefined
  return /^2[23]/.test(error.sqlState) || dataErrors.has(error.errno) ? error.message : undefined
}

export function lacksPartition(error: unknown): boolean {
  return isServerError(error) && error.errno === noPartition
}

/** Classes 28 and 42: syntax, names, rights; 21: numbers of columns; 3D: no database. People mend these. */
const mistakes = /^(21|28|3D|42)/

/** The error a sink throws for what the driver threw. */
export function sinkError(sink: string, error: unknown): unknown {
  if (error instanceof StreamsError) return error
  if (isServerError(error) && mistakes.test(error.sqlState))
    return new StreamsError(
      'CONFIG_INVALID',
      `sink ${sink}: MySQL refuses (${error.errno}): ${error.message}`,
      error
    )
  // a mistake of our own must not be tried again for ever
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError)
    return error
  return new StreamsError('SINK_UNAVAILABLE', `sink ${sink}: ${messageOf(error)}`, error)
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
