import type { Sink } from '../sink.ts'
import { checkTables } from '../tables/table-mapping.ts'
import { TableSink } from '../tables/table-sink.ts'
import { PostgresDatabase } from './postgres-database.ts'
import type { PostgresSinkOptions } from './postgres-options.ts'

/** Carries records into PostgreSQL. Rows and position are one transaction, so a record has its effect exactly once. Throws CONFIG_INVALID. */
export function postgresSink<K, V>(options: PostgresSinkOptions<K, V>): Sink<K, V> {
  checkTables(options.name, options.tables)
  return new TableSink(options.name, options.tables, new PostgresDatabase(options))
}
