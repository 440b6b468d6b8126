import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { PostgresSinkOptions } from '../../../sinks/postgres/postgres-options.ts'
import { postgresSink } from '../../../sinks/postgres/postgres-sink.ts'
import type { Sink } from '../../../sinks/sink.ts'
import type { TableMapping } from '../../../sinks/tables/table-mapping.ts'
import type { Item, SinkPlace, StoredRow } from '../conformance/workspace.ts'
import { CuttableProxy } from '../cuttable-proxy.ts'
import { server } from '../servers.ts'

const items: TableMapping<string, Item> = {
  table: 'items',
  columns: { id: 'text', stock: 'int', note: 'text' },
  key: ['id'],
  row: ({ stock, note }, id) => ({ id, stock, note }),
  removes: ({ rows }) => rows === -1,
  keyOf: (id) => ({ id })
}

/** A schema of its own, with a table of items. */
export class PostgresPlace implements SinkPlace {
  readonly keepsPosition = true
  readonly request = 'COMMIT'
  readonly proxy: CuttableProxy
  readonly #url: URL
  readonly #schema: string
  readonly #pool: pg.Pool

  private constructor(url: URL, schema: string) {
    this.#url = url
    this.#schema = schema
    this.proxy = new CuttableProxy(url, 5432)
    this.#pool = new pg.Pool({ connectionString: url.href, options: `-c search_path=${schema}` })
  }

  static async make(): Promise<PostgresPlace> {
    const place = new PostgresPlace(
      new URL(server('DATABASE_URL')),
      `sink_${randomUUID().replaceAll('-', '')}`
    )
    await place.#pool.query(
      `CREATE SCHEMA ${place.#schema}; CREATE TABLE items (id text PRIMARY KEY, stock int NOT NULL, note text NOT NULL)`
    )
    await place.proxy.join()
    return place
  }

  sink(
    line: 'direct' | 'proxy',
    changes: Partial<PostgresSinkOptions<string, Item>> = {}
  ): Sink<string, Item> {
    const url = new URL(this.#url)
    if (line === 'proxy') url.host = `127.0.0.1:${this.proxy.port}`
    return postgresSink({
      name: 'items',
      connection: { connectionString: url.href, options: `-c search_path=${this.#schema}` },
      tables: [items],
      rowsPerStatement: 70,
      // both ways are gone
      copyFrom: 5,
      timeouts: { idleMs: 500 },
      ...changes
    })
  }

  misconfigured(): Sink<string, Item> {
    return this.sink('direct', { tables: [{ ...items, table: 'nowhere' }] })
  }

  async rows(): Promise<readonly StoredRow[]> {
    const { rows } = await this.#pool.query('SELECT id, stock, note FROM items ORDER BY id COLLATE "C"')
    return rows.map((row) => [row.id, row.stock, row.note])
  }

  async close(): Promise<void> {
    await this.#pool.query(`DROP SCHEMA ${this.#schema} CASCADE`)
    await this.#pool.end()
    await this.proxy.cut()
  }
}
