import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hasCode } from '../../core/errors.ts'
import { migrate } from '../../sinks/postgres/migrate.ts'
import { type PostgresSinkOptions, postgresSink } from '../../sinks/postgres/postgres-sink.ts'
import type { TableMapping } from '../../sinks/postgres/table-mapping.ts'
import type { Sink } from '../../sinks/sink.ts'
import { batchOf } from './batches.ts'
import { CuttableProxy } from './cuttable-proxy.ts'
import { server } from './servers.ts'

interface Item {
  readonly file: string
  readonly row: number
  readonly sku: string
  readonly quantity: number
}

const url = server('DATABASE_URL')
const key = (item: Item): string => `${item.file}/${item.row}`
const item = (row: number, quantity = 1, sku = `sku-${row}`): Item => ({ file: 'a.csv', row, sku, quantity })
const entry = (value: Item): readonly [string, Item] => [key(value), value]
const gone = (value: Item): readonly [string, null] => [key(value), null]

const items: TableMapping<string, Item> = {
  table: 'items',
  columns: { file: 'text', row: 'int', sku: 'varchar(8)', quantity: 'int' },
  key: ['file', 'row'],
  row: ({ file, row, sku, quantity }) => ({ file, row, sku, quantity }),
  keyOf: (text) => {
    const [file, row] = text.split('/')
    return { file, row: Number(row) }
  }
}

describe('PostgreSQL sink', () => {
  const admin = new pg.Pool({ connectionString: url })
  const sinks: Sink<string, Item>[] = []
  let pool: pg.Pool
  let connection: pg.PoolConfig

  beforeAll(() => {
    admin.on('error', () => {})
  })

  afterAll(() => admin.end())

  // each test has a schema to itself
  beforeEach(async () => {
    const schema = `sink_${randomUUID().replaceAll('-', '')}`
    await admin.query(`CREATE SCHEMA ${schema}`)
    connection = { connectionString: url, options: `-c search_path=${schema}` }
    pool = new pg.Pool(connection)
    await pool.query(
      `CREATE TABLE items (file text, "row" int, sku varchar(8) NOT NULL, quantity int CHECK (quantity <> 13),
        PRIMARY KEY (file, "row"))`
    )
  })

  afterEach(async () => {
    await Promise.all(sinks.splice(0).map((sink) => sink.close()))
    const { rows } = await pool.query<{ schema: string }>('SELECT current_schema() AS schema')
    await pool.query(`DROP SCHEMA ${rows[0]?.schema} CASCADE`)
    await pool.end()
  })

  function sink(changes: Partial<PostgresSinkOptions<string, Item>> = {}): Sink<string, Item> {
    const made = postgresSink<string, Item>({ name: 'items', connection, tables: [items], ...changes })
    sinks.push(made)
    return made
  }

  async function rows(): Promise<unknown[]> {
    const found = await pool.query('SELECT "row", sku, quantity FROM items ORDER BY file, "row"')
    return found.rows.map((row) => [row.row, row.sku, row.quantity])
  }

  it('has no position at first, and then the one after the rows', async () => {
    const one = sink()
    expect(await one.open('sales', 'life-1', 0)).toBeUndefined()
    expect(await one.write(batchOf(40, [entry(item(1)), entry(item(2, 5))]))).toEqual([])
    expect(await one.write(batchOf(42, [entry(item(3))]))).toEqual([])
    expect(await rows()).toEqual([
      [1, 'sku-1', 1],
      [2, 'sku-2', 5],
      [3, 'sku-3', 1]
    ])
    const other = sink()
    expect(await other.open('sales', 'life-1', 0)).toBe(43)
    expect(await other.open('sales', 'life-1', 1)).toBeUndefined()
    expect(await other.open('sales', 'life-2', 0)).toBeUndefined()
  })

  it('lets a replay from the sources change nothing', async () => {
    const one = sink()
    await one.open('sales', 'life-1', 0)
    const entries = [entry(item(1)), entry(item(2))]
    await one.write(batchOf(0, entries))
    const before = await rows()
    await one.write(batchOf(2, entries))
    expect(await rows()).toEqual(before)
  })

  it('joins the changes of one row, the last wins, tombstones delete', async () => {
    const one = sink({ rowsPerStatement: 2 })
    await one.open('sales', 'life-1', 0)
    await one.write(
      batchOf(
        0,
        [1, 2, 3, 4, 5].map((row) => entry(item(row)))
      )
    )
    await one.write(
      batchOf(5, [
        entry(item(1, 7)),
        entry(item(1, 8)),
        gone(item(2)),
        gone(item(3)),
        entry(item(3, 9)),
        gone(item(9))
      ])
    )
    expect(await rows()).toEqual([
      [1, 'sku-1', 8],
      [3, 'sku-3', 9],
      [4, 'sku-4', 1],
      [5, 'sku-5', 1]
    ])
  })

  it('fences the former owner', async () => {
    const former = sink()
    await former.open('sales', 'life-1', 0)
    await former.write(batchOf(0, [entry(item(1))]))
    const later = sink()
    expect(await later.open('sales', 'life-1', 0)).toBe(1)
    await expect(former.write(batchOf(1, [entry(item(1, 99))]))).rejects.toSatisfy((e) =>
      hasCode(e, 'SINK_FENCED')
    )
    await later.write(batchOf(1, [entry(item(2))]))
    expect(await rows()).toEqual([
      [1, 'sku-1', 1],
      [2, 'sku-2', 1]
    ])
    await expect(later.write(batchOf(0, [entry(item(1))], 'life-2'))).rejects.toSatisfy((e) =>
      hasCode(e, 'SINK_FENCED')
    )
  })

  it('finds the rows that are refused, keeps the others and says why', async () => {
    const one = sink()
    await one.open('sales', 'life-1', 0)
    const entries = Array.from({ length: 50 }, (_, row) => entry(item(row)))
    entries[7] = entry(item(7, 13))
    entries[20] = entry(item(20, 1, 'much too long'))
    entries[21] = entry(item(21, 1.5))
    entries[49] = entry(item(49, 1, 'nul\u0000'))
    // a good change of the row, superseded by one that is refused: the good one stands
    entries[30] = entry(item(29, 3))
    entries[31] = entry(item(29, 13))
    entries[32] = ['no-row', { file: null, row: 1 } as unknown as Item]
    const rejections = await one.write(batchOf(0, entries))
    expect(rejections.map(({ record, reason }) => [record.offset, reason])).toEqual([
      [7, expect.stringContaining('items_quantity_check')],
      [20, expect.stringContaining('too long for type character varying(8)')],
      [21, expect.stringContaining('invalid input syntax for type integer')],
      [31, expect.stringContaining('items_quantity_check')],
      [32, 'key column file of items is null'],
      [49, expect.stringContaining('invalid byte sequence')]
    ])
    const written = (await rows()) as [number, string, number][]
    expect(written).toHaveLength(43)
    expect(written.find(([row]) => row === 29)).toEqual([29, 'sku-29', 3])
  })

  it('names refused records again to the next owner, until a later batch is written', async () => {
    const former = sink()
    await former.open('sales', 'life-1', 0)
    await former.write(batchOf(0, [entry(item(0)), entry(item(1, 13)), entry(item(2))]))
    // the former owner died before its dead letters were in their topic
    const next = sink()
    expect(await next.open('sales', 'life-1', 0)).toBe(1)
    const again = batchOf(1, [entry(item(1, 13)), entry(item(2, 77)), entry(item(3))])
    expect(await next.write({ ...again, records: again.records.slice(0, 2), next: 3 })).toMatchObject([
      { record: { offset: 1 }, reason: expect.stringContaining('items_quantity_check') }
    ])
    expect(await next.write(batchOf(3, [entry(item(3))]))).toEqual([])
    expect(await rows()).toEqual([
      [0, 'sku-0', 1],
      [2, 'sku-2', 1],
      [3, 'sku-3', 1]
    ])
    expect(await sink().open('sales', 'life-1', 0)).toBe(4)
  })

  it('refuses to go back behind its position', async () => {
    const one = sink()
    await one.open('sales', 'life-1', 0)
    await one.write(batchOf(10, [entry(item(1))]))
    await expect(one.write(batchOf(0, [entry(item(1))]))).rejects.toSatisfy((e) =>
      hasCode(e, 'OFFSET_OUT_OF_RANGE')
    )
  })

  it('writes every kind of value as it is', async () => {
    await pool.query(
      `CREATE TABLE kinds (id bigint PRIMARY KEY, price numeric(12,2), at timestamptz, day date, fine boolean, raw bytea,
        doc jsonb, tags text[], code char(3), ratio float8)`
    )
    const one = sink({
      tables: [
        {
          table: 'kinds',
          columns: {
            id: 'bigint',
            price: 'numeric(12,2)',
            at: 'timestamptz',
            day: 'date',
            fine: 'boolean',
            raw: 'bytea',
            doc: 'jsonb',
            tags: 'text[]',
            code: 'char(3)',
            ratio: 'float8'
          },
          key: ['id'],
          row: () => ({
            id: 2n ** 60n,
            price: '12345.67',
            at: new Date(1_700_000_000_123),
            day: '2024-02-29',
            fine: false,
            raw: Buffer.from([0, 255, 92]),
            doc: ['a "quote"', { back: '\\slash', nothing: null }, '{,}'],
            tags: ['x,y', 'q"', null, '', 'NULL'],
            code: 'abc'
          })
        }
      ]
    })
    await one.open('sales', 'life-1', 0)
    expect(await one.write(batchOf(0, [entry(item(1))]))).toEqual([])
    const { rows } = await pool.query('SELECT *, day::text AS day FROM kinds')
    expect(rows).toEqual([
      {
        id: String(2n ** 60n),
        price: '12345.67',
        at: new Date(1_700_000_000_123),
        day: '2024-02-29',
        fine: false,
        raw: Buffer.from([0, 255, 92]),
        doc: ['a "quote"', { back: '\\slash', nothing: null }, '{,}'],
        tags: ['x,y', 'q"', null, '', 'NULL'],
        code: 'abc',
        ratio: null
      }
    ])
  })

  it('lets an older version of a row change nothing', async () => {
    const { keyOf: _, ...withoutDeletes } = items
    const one = sink({ tables: [{ ...withoutDeletes, version: 'quantity' }] })
    await one.open('sales', 'life-1', 0)
    await one.write(batchOf(0, [entry(item(1, 5, 'new')), entry(item(1, 4, 'old'))]))
    await one.write(batchOf(2, [entry(item(1, 3, 'older'))]))
    expect(await rows()).toEqual([[1, 'new', 5]])
  })

  it('reports mistakes of the developer as such', async () => {
    expect(() => sink({ tables: [{ ...items, key: [] }] })).toThrow('a key of at least one column')
    expect(() => sink({ tables: [{ ...items, key: ['nr'] }] })).toThrow('key column nr')
    expect(() => sink({ tables: [{ ...items, version: 'row' }] })).toThrow('do not go together')
    const nowhere = sink({ tables: [{ ...items, table: 'nowhere' }] })
    await nowhere.open('sales', 'life-1', 0)
    await expect(nowhere.write(batchOf(0, [entry(item(1))]))).rejects.toSatisfy((e) =>
      hasCode(e, 'CONFIG_INVALID')
    )
    const misspelt = sink({
      name: 'b',
      tables: [{ ...items, row: () => ({ file: 'a', row: 1, skuu: 'x' }) }]
    })
    await misspelt.open('sales', 'life-1', 0)
    await expect(misspelt.write(batchOf(0, [entry(item(1))]))).rejects.toSatisfy((e) =>
      hasCode(e, 'CONFIG_INVALID')
    )
  })

  it('waits for a lock only so long, and then is unavailable', async () => {
    const one = sink({ timeouts: { lockMs: 100 } })
    await one.open('sales', 'life-1', 0)
    await one.write(batchOf(0, [entry(item(1))]))
    const blocker = await pool.connect()
    await blocker.query('BEGIN; SELECT * FROM items FOR UPDATE')
    await expect(one.write(batchOf(1, [entry(item(1, 2))]))).rejects.toSatisfy((e) =>
      hasCode(e, 'SINK_UNAVAILABLE')
    )
    await blocker.query('ROLLBACK')
    blocker.release()
    await one.write(batchOf(1, [entry(item(1, 2))]))
    expect(await rows()).toEqual([[1, 'sku-1', 2]])
  })

  describe('over a line that breaks', () => {
    let proxy: CuttableProxy
    let broken: Sink<string, Item>

    beforeEach(async () => {
      proxy = new CuttableProxy(new URL(url), 5432)
      await proxy.join()
      const through = new URL(url)
      through.hostname = '127.0.0.1'
      through.port = String(proxy.port)
      broken = sink({ connection: { ...connection, connectionString: through.href } })
      await broken.open('sales', 'life-1', 0)
    })

    afterEach(() => proxy.cut())

    it('is unavailable while the server is down, and goes on when it is back', async () => {
      await broken.write(batchOf(0, [entry(item(1))]))
      await proxy.cut()
      const second = batchOf(1, [entry(item(2))])
      for (let i = 0; i < 2; i++)
        await expect(broken.write(second)).rejects.toSatisfy((e) => hasCode(e, 'SINK_UNAVAILABLE'))
      await proxy.join()
      await broken.write(second)
      expect(await rows()).toHaveLength(2)
    })

    it('leaves nothing of a transaction whose commit was not sent', async () => {
      const batch = batchOf(0, [entry(item(1))])
      proxy.cutBefore = (sent) => sent.includes('COMMIT')
      await expect(broken.write(batch)).rejects.toSatisfy((e) => hasCode(e, 'SINK_UNAVAILABLE'))
      proxy.cutBefore = undefined
      expect(await rows()).toEqual([])
      await broken.write(batch)
      expect(await rows()).toHaveLength(1)
    })

    it('finds out after a commit whose answer was lost, dead letters included', async () => {
      const batch = batchOf(0, [entry(item(1)), entry(item(2, 13))])
      proxy.cutAnswer = (answered) => answered.includes('COMMIT')
      await expect(broken.write(batch)).rejects.toSatisfy((e) => hasCode(e, 'SINK_UNAVAILABLE'))
      proxy.cutAnswer = undefined
      await expect(broken.write(batch)).rejects.toSatisfy((e) => hasCode(e, 'SINK_FENCED'))
      expect(await broken.open('sales', 'life-1', 0)).toBe(1)
      expect(await broken.write({ ...batch, records: batch.records.slice(1), first: 1 })).toHaveLength(1)
      expect(await rows()).toHaveLength(1)
    })
  })

  describe('migrations', () => {
    const first = { id: '1', sql: 'CREATE TABLE one (id int); CREATE TABLE two (id int)' }
    const second = { id: '2', sql: 'ALTER TABLE one ADD name text' }

    it('are applied once each, by whoever comes first', async () => {
      const answers = await Promise.all([1, 2, 3, 4].map(() => migrate(pool, [first])))
      expect(answers.flat()).toEqual(['1'])
      expect(await migrate(pool, [first, second])).toEqual(['2'])
      expect(await migrate(pool, [first, second])).toEqual([])
    })

    it('are all applied or none', async () => {
      await expect(migrate(pool, [first, { id: '2', sql: 'nonsense' }])).rejects.toThrow('syntax error')
      expect(await migrate(pool, [first])).toEqual(['1'])
    })

    it('do not change once applied', async () => {
      await migrate(pool, [first])
      await expect(migrate(pool, [{ ...first, sql: 'SELECT 1' }])).rejects.toSatisfy((e) =>
        hasCode(e, 'CONFIG_INVALID')
      )
    })
  })
})
