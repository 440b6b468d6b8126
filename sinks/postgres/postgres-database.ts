import pg from 'pg'
import type { RowChange } from '../tables/row-changes.ts'
import type { Ownership, Refused, TableDatabase, TableTransaction } from '../tables/table-database.ts'
import { arrayLiterals, elementEncoder } from './array-literal.ts'
import { copyIn, copyLines } from './copy-in.ts'
import { isDataError, lacksPartition, reasonOf, sinkError } from './failures.ts'
import { migrate } from './migrate.ts'
import type { PostgresSinkOptions } from './postgres-options.ts'
import { advance, keepRefused, sinkOffsetMigrations, takeOver } from './sink-offsets.ts'
import { type TableStatements, tableStatements } from './table-statements.ts'
import { inTransaction, type TransactionTimeouts } from './transaction.ts'

interface Limits {
  readonly rows: number
  readonly copyFrom: number
}

/** PostgreSQL behind a table sink. */
export class PostgresDatabase implements TableDatabase {
  readonly encoder = elementEncoder
  readonly lacksPartition = lacksPartition
  readonly #sink: string
  readonly #pool: pg.Pool
  readonly #timeouts: TransactionTimeouts
  readonly #statements: readonly TableStatements[]
  readonly #limits: Limits

  constructor(options: PostgresSinkOptions<never, never>) {
    this.#sink = options.name
    this.#statements = options.tables.map((table) => tableStatements(table))
    this.#limits = { rows: options.rowsPerStatement ?? 5000, copyFrom: options.copyFrom ?? 1000 }
    this.#timeouts = { lockMs: 10_000, statementMs: 60_000, idleMs: 60_000, ...options.timeouts }
    const { connection } = options
    this.#pool = new pg.Pool({
      application_name: `store-sku ${options.name}`,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      // the server's own timeout does not reach us over a dead connection
      query_timeout: this.#timeouts.statementMs + 10_000,
      ...(typeof connection === 'string' ? { connectionString: connection } : connection)
    })
    // idle connections die with the server; the next transaction makes new ones and reports what is wrong
    this.#pool.on('error', () => {})
  }

  async prepare(): Promise<void> {
    await migrate(this.#pool, sinkOffsetMigrations)
  }

  transaction<T>(work: (transaction: TableTransaction) => Promise<T>): Promise<T> {
    return inTransaction(this.#pool, this.#timeouts, (client) =>
      work(new PostgresTransaction(client, this.#sink, this.#statements, this.#limits))
    )
  }

  async run(statement: string, parameter: string): Promise<void> {
    await inTransaction(this.#pool, this.#timeouts, (client) => client.query(statement, [parameter]))
  }

  refusal(error: unknown): string | undefined {
    return isDataError(error) ? reasonOf(error) : undefined
  }

  sinkError(error: unknown): unknown {
    return sinkError(this.#sink, error)
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}

class PostgresTransaction implements TableTransaction {
  readonly #client: pg.ClientBase
  readonly #sink: string
  readonly #statements: readonly TableStatements[]
  readonly #limits: Limits

  constructor(client: pg.ClientBase, sink: string, statements: readonly TableStatements[], limits: Limits) {
    this.#client = client
    this.#sink = sink
    this.#statements = statements
    this.#limits = limits
  }

  takeOver(topic: string, topicId: string, partition: number): Promise<Ownership> {
    return takeOver(this.#client, this.#sink, topic, topicId, partition)
  }

  advance(owned: Ownership, next: number): Promise<boolean> {
    return advance(this.#client, this.#sink, owned, next)
  }

  keepRefused(owned: Ownership, refused: readonly Refused[]): Promise<void> {
    return keepRefused(this.#client, this.#sink, owned, refused)
  }

  async attempt(work: () => Promise<void>): Promise<void> {
    await this.#client.query('SAVEPOINT rows')
    try {
      await work()
    } catch (error) {
      if (isDataError(error)) await this.#client.query('ROLLBACK TO SAVEPOINT rows; RELEASE SAVEPOINT rows')
      throw error
    }
    await this.#client.query('RELEASE SAVEPOINT rows')
  }

  async upsert(table: number, changes: readonly RowChange[]): Promise<void> {
    const { incoming, upsert } = this.#statements[table] as TableStatements
    for (const chunk of this.#chunks(changes)) {
      if (chunk.length < this.#limits.copyFrom) {
        await this.#client.query(upsert, arrayLiterals(chunk))
        continue
      }
      await this.#client.query(incoming.prepare)
      await copyIn(this.#client, incoming.copy, copyLines(chunk))
      await this.#client.query(incoming.upsert)
    }
  }

  async remove(table: number, changes: readonly RowChange[]): Promise<void> {
    const { remove } = this.#statements[table] as TableStatements
    for (const chunk of this.#chunks(changes)) await this.#client.query(remove, arrayLiterals(chunk))
  }

  *#chunks(changes: readonly RowChange[]): Generator<readonly RowChange[]> {
    const { rows } = this.#limits
    for (let from = 0; from < changes.length; from += rows) yield changes.slice(from, from + rows)
  }
}
