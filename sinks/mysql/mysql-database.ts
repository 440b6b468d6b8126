import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise'
import type { RowChange } from '../tables/row-changes.ts'
import type { Ownership, Refused, TableDatabase, TableTransaction } from '../tables/table-database.ts'
import type { TableMapping } from '../tables/table-mapping.ts'
import { checkTable } from './check-table.ts'
import { lacksPartition, refusal, sinkError } from './failures.ts'
import type { MysqlSinkOptions, MysqlTimeouts } from './mysql-options.ts'
import { type Query, queryWithin } from './query.ts'
import { advance, keepRefused, makeOffsetTable, takeOver } from './sink-offsets.ts'
import { type StatementLimits, TableStatements } from './table-statements.ts'
import { literalEncoder } from './value-literal.ts'

/** MySQL, or MariaDB, behind a table sink. */
export class MysqlDatabase implements TableDatabase {
  readonly encoder = literalEncoder
  readonly refusal = refusal
  readonly lacksPartition = lacksPartition
  readonly #sink: string
  readonly #pool: Pool
  readonly #tables: readonly TableMapping<never, never>[]
  readonly #statements: readonly TableStatements[]
  readonly #timeouts: MysqlTimeouts
  /** Connections whose session is as we want it. */
  readonly #ready = new WeakSet<object>()
  #limits: StatementLimits

  constructor(options: MysqlSinkOptions<never, never>) {
    const { name, tables, connection, rowsPerStatement = 1000, statementBytes = 1024 * 1024 } = options
    this.#sink = name
    this.#tables = tables
    this.#statements = tables.map((table) => new TableStatements(table))
    this.#timeouts = { lockMs: 10_000, statementMs: 60_000, idleMs: 60_000, ...options.timeouts }
    this.#limits = { rows: rowsPerStatement, bytes: statementBytes, packetBytes: statementBytes }
    this.#pool = createPool({
      connectTimeout: 10_000,
      enableKeepAlive: true,
      charset: 'utf8mb4',
      ...(typeof connection === 'string' ? { uri: connection } : connection)
    })
  }

  async prepare(): Promise<void> {
    await this.#withConnection(async (query) => {
      await makeOffsetTable(query)
      for (const table of this.#tables) await checkTable(query, table)
      const rows = await query<RowDataPacket[]>('SELECT @@max_allowed_packet AS bytes')
      this.#limits = { ...this.#limits, packetBytes: Number(rows[0]?.['bytes']) }
    })
  }

  transaction<T>(work: (transaction: TableTransaction) => Promise<T>): Promise<T> {
    return this.#withConnection(async (query) => {
      await query('START TRANSACTION')
      const result = await work(new MysqlTransaction(query, this.#sink, this.#statements, this.#limits))
      await query('COMMIT')
      return result
    })
  }

  async run(statement: string, parameter: string): Promise<void> {
    await this.#withConnection((query) => query(statement, [parameter]))
  }

  sinkError(error: unknown): unknown {
    return sinkError(this.#sink, error)
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }

  /** After a failure the connection is closed rather than given back: the server then rolls back. */
  async #withConnection<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const connection = await this.#pool.getConnection()
    const query = queryWithin(this.#timeouts.statementMs, connection)
    let failed = true
    try {
      if (!this.#ready.has(connection.connection)) {
        await this.#setUp(query)
        this.#ready.add(connection.connection)
      }
      const result = await work(query)
      failed = false
      return result
    } finally {
      if (failed) connection.destroy()
      else connection.release()
    }
  }

  async #setUp(query: Query): Promise<void> {
    const { lockMs, idleMs } = this.#timeouts
    // values that do not fit are errors, and a session that stops in a transaction ends, which rolls it back
    await query(
      `SET SESSION sql_mode = 'TRADITIONAL', SESSION time_zone = '+00:00', SESSION group_concat_max_len = 1048576,
         SESSION innodb_lock_wait_timeout = ?, SESSION lock_wait_timeout = ?, SESSION wait_timeout = ?`,
      [seconds(lockMs), seconds(lockMs), seconds(idleMs)]
    )
    await query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
  }
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000))
}

class MysqlTransaction implements TableTransaction {
  readonly #query: Query
  readonly #sink: string
  readonly #statements: readonly TableStatements[]
  readonly #limits: StatementLimits

  constructor(query: Query, sink: string, statements: readonly TableStatements[], limits: StatementLimits) {
    this.#query = query
    this.#sink = sink
    this.#statements = statements
    this.#limits = limits
  }

  takeOver(topic: string, topicId: string, partition: number): Promise<Ownership> {
    return takeOver(this.#query, this.#sink, topic, topicId, partition)
  }

  advance(owned: Ownership, next: number): Promise<boolean> {
    return advance(this.#query, this.#sink, owned, next)
  }

  keepRefused(owned: Ownership, refused: readonly Refused[]): Promise<void> {
    return keepRefused(this.#query, this.#sink, owned, refused)
  }

  async attempt(work: () => Promise<void>): Promise<void> {
    await this.#query('SAVEPOINT attempt')
    try {
      await work()
    } catch (error) {
      if (refusal(error) !== undefined) await this.#query('ROLLBACK TO SAVEPOINT attempt')
      throw error
    }
    await this.#query('RELEASE SAVEPOINT attempt')
  }

  async upsert(table: number, changes: readonly RowChange[]): Promise<void> {
    const statements = this.#statements[table] as TableStatements
    for (const sql of statements.upserts(changes, this.#limits)) await this.#query(sql)
  }

  async remove(table: number, changes: readonly RowChange[]): Promise<void> {
    const statements = this.#statements[table] as TableStatements
    for (const sql of statements.removals(changes, this.#limits)) await this.#query(sql)
  }
}
