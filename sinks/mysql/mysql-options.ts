import type { PoolOptions } from 'mysql2/promise'
import type { TableMapping } from '../tables/table-mapping.ts'

export interface MysqlSinkOptions<K, V> {
  /** Names the sink in its offset rows: keep it, or everything is read again. */
  readonly name: string
  /** A URL (`mysql://user:password@host:3306/database`), or the driver's pool settings. */
  readonly connection: string | PoolOptions
  /**
   * Written in this order (deleted in the reverse), so a referenced table comes before the one that refers to it. Each is of a
   * transactional engine and has one unique index, over the key; text in the key is compared by its bytes (a `_bin` collation).
   */
  readonly tables: readonly TableMapping<K, V>[]
  /** Most rows a statement. Default 1,000. */
  readonly rowsPerStatement?: number
  /** Most bytes a statement. Default 1 MiB; the server's `max_allowed_packet` bounds it, too. */
  readonly statementBytes?: number
  /** Rounded up to seconds. Default: 10 s for a lock, 60 s for a statement, 60 s idle within a transaction. */
  readonly timeouts?: Partial<MysqlTimeouts>
}

export interface MysqlTimeouts {
  readonly lockMs: number
  readonly statementMs: number
  readonly idleMs: number
}
