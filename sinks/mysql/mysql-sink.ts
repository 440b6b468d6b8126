import type { Sink } from '../sink.ts'
import { checkTables } from '../tables/table-mapping.ts'
import { TableSink } from '../tables/table-sink.ts'
import { MysqlDatabase } from './mysql-database.ts'
import type { MysqlSinkOptions } from './mysql-options.ts'

/** Carries records into MySQL or MariaDB. Rows and position are one transaction, so a record has its effect exactly once. Throws CONFIG_INVALID. */
export function mysqlSink<K, V>(options: MysqlSinkOptions<K, V>): Sink<K, V> {
  checkTables(options.name, options.tables)
  return new TableSink(options.name, options.tables, new MysqlDatabase(options))
}
