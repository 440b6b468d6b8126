import type pg from 'pg'
import { StreamsError } from '../../core/errors.ts'

/** How long a transaction may hold things up before the server ends it, ms; 0 for ever. */
export interface TransactionTimeouts {
  readonly lockMs: number
  readonly statementMs: number
  readonly idleMs: number
}

/**
 * Runs `work` in a transaction. Whatever fails, the connection is closed rather than given back: the server then rolls back, and
 * nothing that was left on the connection meets the next transaction.
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  timeouts: TransactionTimeouts,
  work: (client: pg.PoolClient) => Promise<T>
): Promise<T> {
  const client = await pool.connect()
  // a connection that breaks between two statements says so by an event; the next statement fails and tells the caller
  const ignore = (): void => {}
  client.on('error', ignore)
  let failed = true
  try {
    await client.query(
      `BEGIN; SET LOCAL lock_timeout = ${timeouts.lockMs}; SET LOCAL statement_timeout = ${timeouts.statementMs}; ` +
        `SET LOCAL idle_in_transaction_session_timeout = ${timeouts.idleMs}; SET CONSTRAINTS ALL IMMEDIATE`
    )
    const result = await work(client)
    const { command } = await client.query('COMMIT')
    // COMMIT of a transaction that has failed answers ROLLBACK, and no error
    if (command !== 'COMMIT') throw new StreamsError('SINK_UNAVAILABLE', 'the transaction was rolled back')
    failed = false
    return result
  } finally {
    client.off('error', ignore)
    client.release(failed)
  }
}
