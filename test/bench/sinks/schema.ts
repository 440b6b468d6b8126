import pg from 'pg'
import { migrate } from '../../../sinks/postgres/migrate.ts'
import { retailMigrations } from '../../../sinks/retail/migrations/index.ts'
import { lineItemsTable } from '../../../sinks/retail/tables.ts'
import { lineItem } from './records.ts'

/** The retail tables in a schema of this process's own; the partitions of the rows are made before they are written. */
export async function withSchema<T>(
  url: string,
  rows: number,
  work: (connection: pg.PoolConfig) => Promise<T>
): Promise<T> {
  const schema = `bench_${process.pid}`
  const connection = { connectionString: url, options: `-c search_path=${schema}` }
  const pool = new pg.Pool(connection)
  await pool.query(`CREATE SCHEMA ${schema}`)
  try {
    await migrate(pool, retailMigrations)
    const { partition, row } = lineItemsTable
    const names = new Set<string>()
    for (let i = 0; i < rows; i++) {
      const item = lineItem(i)
      names.add(partition?.of(row(item, null, undefined as never) ?? {}) ?? '')
    }
    for (const name of names) await pool.query(partition?.make ?? '', [name])
    return await work(connection)
  } finally {
    await pool.query(`DROP SCHEMA ${schema} CASCADE`)
    await pool.end()
  }
}
