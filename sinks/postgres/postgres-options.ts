import type pg from 'pg'
import type { TableMapping } from '../tables/table-mapping.ts'
import type { TransactionTimeouts } from './transaction.ts'

export interface PostgresSinkOptions<K, V> {
  /** Names the sink in its offset rows: keep it, or everything is read again. */
  readonly name: string
  /** A URL, or the driver's pool settings. */
  readonly connection: string | pg.PoolConfig
  /** Written in this order (deleted in the reverse), so a referenced table comes before the one that refers to it. */
  readonly tables: readonly TableMapping<K, V>[]
  /** Most rows a statement. Default 5,000. */
  readonly rowsPerStatement?: number
  /**
   * From so many rows a statement on they are copied into a temporary table first, which is faster. Default 1,000; `Infinity` for a role
   * that may not make temporary tables.
   */
  readonly copyFrom?: number
  /** Default: 10 s for a lock, 60 s for a statement, 60 s idle within a transaction. */
  readonly timeouts?: Partial<TransactionTimeouts>
}
