import { createHash } from 'node:crypto'
import type pg from 'pg'
import { StreamsError } from '../../core/errors.ts'
import { inTransaction } from './transaction.ts'

/** One step of a schema. Its id is recorded, so neither id nor text change once it was applied anywhere. */
export interface Migration {
  readonly id: string
  /** One or more statements that can run in a transaction. */
  readonly sql: string
}

/** Names the advisory lock; any number that no other application uses. */
const lockKey = 570_650

/**
 * Applies what is missing, in the order given, in one transaction: all or nothing. Processes that start together take turns.
 *
 * @returns the ids that were applied now
 */
export function migrate(pool: pg.Pool, migrations: readonly Migration[]): Promise<string[]> {
  return inTransaction(pool, { lockMs: 0, statementMs: 0, idleMs: 0 }, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [lockKey])
    const applied = await appliedBefore(client)
    const now: string[] = []
    for (const { id, sql } of migrations) {
      const checksum = createHash('sha256').update(sql).digest('hex')
      const recorded = applied.get(id)
      if (recorded === checksum) continue
      if (recorded !== undefined)
        throw new StreamsError(
          'CONFIG_INVALID',
          `migration ${id} was changed after it had been applied; write a new one`
        )
      await client.query(sql)
      await client.query('INSERT INTO store_sku_migrations (id, checksum) VALUES ($1, $2)', [id, checksum])
      now.push(id)
    }
    return now
  })
}

/** Looks before it creates: a role that may only write can start where all is in place. */
async function appliedBefore(client: pg.ClientBase): Promise<ReadonlyMap<string, string>> {
  const { rows: found } = await client.query<{ there: boolean }>(
    `SELECT to_regclass('store_sku_migrations') IS NOT NULL AS there`
  )
  if (found[0]?.there !== true)
    await client.query(
      `CREATE TABLE store_sku_migrations
         (id text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`
    )
  const { rows } = await client.query<{ id: string; checksum: string }>(
    'SELECT id, checksum FROM store_sku_migrations'
  )
  return new Map(rows.map((row) => [row.id, row.checksum]))
}
