import { randomUUID } from 'node:crypto'
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise'
import type { MysqlSinkOptions } from '../../../sinks/mysql/mysql-options.ts'
import { mysqlSink } from '../../../sinks/mysql/mysql-sink.ts'
import type { Sink } from '../../../sinks/sink.ts'
import type { TableMapping } from '../../../sinks/tables/table-mapping.ts'
import type { Item, SinkPlace, StoredRow } from '../conformance/workspace.ts'
import { CuttableProxy } from '../cuttable-proxy.ts'

export const items: TableMapping<string, Item> = {
  table: 'items',
  columns: { id: 'varchar(64)', stock: 'int', note: 'text' },
  key: ['id'],
  row: ({ stock, note }, id) => ({ id, stock, note }),
  removes: ({ rows }) => rows === -1,
  keyOf: (id) => ({ id })
}

const tableOfItems = `CREATE TABLE items (id varchar(64) COLLATE utf8mb4_bin PRIMARY KEY, stock int NOT NULL, note text NOT NULL)
  CHARACTER SET utf8mb4`

/** A database of its own, with a table of items. */
export class MysqlPlace implements SinkPlace {
  readonly keepsPosition = true
  readonly request = 'COMMIT'
  readonly proxy: CuttableProxy
  readonly pool: Pool
  readonly #url: URL
  readonly #database: string

  private constructor(url: URL, database: string) {
    this.#url = url
    this.#database = database
    this.proxy = new CuttableProxy(url, 3306)
    this.pool = createPool({ uri: url.href, database })
  }

  static async make(address: string): Promise<MysqlPlace> {
    const database = `sink_${randomUUID().replaceAll('-', '')}`
    const admin = createPool(address)
    await admin.query(`CREATE DATABASE ${database}`)
    await admin.end()
    const place = new MysqlPlace(new URL(address), database)
    await place.pool.query(tableOfItems)
    await place.proxy.join()
    return place
  }

  sink(line: 'direct' | 'proxy', changes: Partial<MysqlSinkOptions<string, Item>> = {}): Sink<string, Item> {
    const url = new URL(this.#url)
    url.pathname = this.#database
    if (line === 'proxy') url.host = `127.0.0.1:${this.proxy.port}`
    return mysqlSink({
      name: 'items',
      connection: url.href,
      tables: [items],
      rowsPerStatement: 70,
      statementBytes: 20_000,
      timeouts: { idleMs: 1000 },
      ...changes
    })
  }

  misconfigured(): Sink<string, Item> {
    return this.sink('direct', { tables: [{ ...items, table: 'nowhere' }] })
  }

  async rows(): Promise<readonly StoredRow[]> {
    const [rows] = await this.pool.query<RowDataPacket[]>('SELECT id, stock, note FROM items ORDER BY id')
    return rows.map((row) => [row['id'], row['stock'], row['note']])
  }

  async close(): Promise<void> {
    await this.pool.query(`DROP DATABASE ${this.#database}`)
    await this.pool.end()
    await this.proxy.cut()
  }
}
