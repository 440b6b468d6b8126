import pg from 'pg'
import { StreamsError } from '../../core/errors.ts'

/**
 * True if the statement failed for the rows it was given: classes 21 (two rows with one key that the text form did not show), 22
 * (data: out of range, wrong syntax, too long) and 23 (a constraint); and 54000 (a value too long for an index entry, a row for a page). The others of
 * class 54 are about the statement.
 */
export function isDataError(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && /^(2[123]|54000$)/.test(error.code ?? '')
}

/** True for a row that no partition takes. Its code is that of a check constraint; the server's routine tells them apart. */
export function lacksPartition(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23514' && error.routine === 'ExecFindPartition'
}

/** What to show of a data error: the message and the database's detail, which names key and value. */
export function reasonOf(error: pg.DatabaseError): string {
  return error.detail === undefined ? error.message : `${error.message} (${error.detail})`
}

/*
 * Classes that end by themselves: 08 connection, 25 wrong transaction state (a standby after a failover, an idle timeout),
 * 40 conflict, 53 resources, 55 locks, 57 shutdown and cancelled statements, 58 system, XX internal.
 */
const passing = /^(08|25|40|53|55|57|58|XX)/

/** The error a sink throws for what the driver threw. */
export function sinkError(sink: string, error: unknown): unknown {
  if (error instanceof StreamsError) return error
  if (error instanceof pg.DatabaseError && !passing.test(error.code ?? '08'))
    return new StreamsError(
      'CONFIG_INVALID',
      `sink ${sink}: PostgreSQL refuses (${error.code}): ${error.message}`,
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
