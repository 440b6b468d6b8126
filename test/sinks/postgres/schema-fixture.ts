import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterEach, beforeEach } from 'vitest'
import type { PostgresSinkOptions } from '../../../sinks/postgres/postgres-options.ts'
import { postgresSink } from '../../../sinks/postgres/postgres-sink.ts'
import type { Sink } from '../../../sinks/sink.ts'
import type { TableMapping } from '../../../sinks/tables/table-mapping.ts'
import { server } from '../servers.ts'

export interface Item {
  readonly file: string
  readonly row: number
  readonly sku: string
  readonly quantity: number
}

export const item = (row: number, quantity = 1, sku = `sku-${row}`): Item => ({
  file: 'a.csv',
  row,
  sku,
  quantity
})
export const entry = (value: Item): readonly [string, Item] => [`${value.file}/${value.row}`, value]

export const items: TableMapping<string, Item> = {
  table: 'items',
  columns: { file: 'text', row: 'int', sku: 'varchar(8)', quantity: 'int' },
  key: ['file', 'row'],
  row: ({ file, row, sku, quantity }) => ({ file, row, sku, quantity }),
  keyOf: (text) => {
    const [file, row] = text.split('/')
    return { file, row: Number(row) }
  }
}

/** A schema that each test has to itself, with a table of items and sinks for it. */
export class SchemaFixture {
  readonly pool: pg.Pool
  readonly #connection: pg.PoolConfig
  readonly #schema: string
  readonly #sinks: Sink<string, Item>[] = []

  private constructor(schema: string) {
    this.#schema = schema
    this.#connection = {
      connectionString: server('DATABASE_URL'),
      options: `-c search_path=${schema}`
    }
    this.pool = new pg.Pool(this.#connection)
  }

  static async make(): Promise<SchemaFixture> {
    const schema = `sink_${randomUUID().replaceAll('-', '')}`
    const made = new SchemaFixture(schema)
    await made.pool.query(
      `CREATE SCHEMA ${schema};
       CREATE TABLE items (file text, "row" int, sku varchar(8) NOT NULL, quantity int CHECK (quantity <> 13),
         PRIMARY KEY (file, "row"))`
    )
    return made
  }

  sink(changes: Partial<PostgresSinkOptions<string, Item>> = {}): Sink<string, Item> {
    const made = postgresSink<string, Item>({
      name: 'items',
      connection: this.#connection,
      tables: [items],
      ...changes
    })
    this.#sinks.push(made)
    return made
  }

  async rows(): Promise<unknown[]> {
    const found = await this.pool.query('SELECT "row", sku, quantity FROM items ORDER BY file, "row"')
    return found.rows.map((row) => [row.row, row.sku, row.quantity])
  }

  async close(): Promise<void> {
    await Promise.all(this.#sinks.map((sink) => sink.close()))
    await this.pool.query(`DROP SCHEMA ${this.#schema} CASCADE`)
    await this.pool.end()
  }
}

export function schemas(): () => SchemaFixture {
  let fixture: SchemaFixture
  beforeEach(async () => {
    fixture = await SchemaFixture.make()
  })
  afterEach(() => fixture.close())
  return () => fixture
}
