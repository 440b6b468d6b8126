import type { QueryValues } from 'mysql2'
import type { Connection, QueryResult } from 'mysql2/promise'

/** Runs a statement, with values for its question marks. Throws what the driver throws, also when no answer comes in time. */
export type Query = <T extends QueryResult>(sql: string, values?: QueryValues) => Promise<T>

/** `timeout` is ms: the server's own timeouts do not reach us over a dead connection. */
export function queryWithin(timeout: number, connection: Connection): Query {
  return async <T extends QueryResult>(sql: string, values?: QueryValues) => {
    const [result] = await connection.query<T>({ sql, values, timeout })
    return result
  }
}
