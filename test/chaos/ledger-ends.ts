import { type ErrorCode, errorActions } from '../../core/errors.ts'

/** A process that ended though nobody had killed it. */
export interface OwnEnd {
  readonly at: number
  /** Of the error that it ended with; else the error's name, the signal or `exit N`. */
  readonly code: string
  readonly words: string
}

/** From when a service was told to stop until it answered again; `at` by `performance.now`, as of the ends. */
export interface Outage {
  readonly from: number
  to: number
}

/** What a process tried while the service was away may fail so long after. */
const patienceMs = 30_000
/** The work was dropped because of what is outside; other errors that call for a restart are about the process's own state. */
const dropped: readonly ErrorCode[] = ['PRODUCE_FAILED', 'TRANSACTION_ABORTABLE', 'SINK_FENCED']
/** The system's; PostgreSQL's: connection exceptions, and shutting down or starting up; and names of Elasticsearch's errors. */
const connection =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|UND_ERR_SOCKET|08\w{3}|57P0\d|ConnectionError|TimeoutError|NoLivingConnectionsError)$/
/** pg has no code for them. */
const terminated = /^(Connection terminated|timeout expired|Client has encountered a connection error)/

/** What to know an error by: the first code among it and its causes, else its name. */
export function codeOfEnd(error: unknown): string {
  for (let one = error; one instanceof Error; one = one.cause)
    if ('code' in one && typeof one.code === 'string') return one.code
  if (error instanceof Error && terminated.test(error.message)) return 'ECONNRESET'
  return error instanceof Error ? error.name : String(error)
}

/** A supervisor may have to start a process again that lacks a service, and no other. */
export function isExcused({ at, code }: OwnEnd, outages: readonly Outage[]): boolean {
  return isPassing(code) && outages.some(({ from, to }) => from <= at && at <= to + patienceMs)
}

function isPassing(code: string): boolean {
  if (connection.test(code)) return true
  const known = Object.keys(errorActions).find((one): one is ErrorCode => one === code)
  return known !== undefined && (errorActions[known] === 'retry' || dropped.includes(known))
}
