import type { RowDataPacket } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hasCode } from '../../../core/errors.ts'
import type { MysqlSinkOptions } from '../../../sinks/mysql/mysql-options.ts'
import type { Sink } from '../../../sinks/sink.ts'
import { startOptional } from '../../ingest/optional-services.ts'
import { batchOf } from '../batches.ts'
import { type Item, item, takenBack } from '../conformance/workspace.ts'
import { describeSink } from '../conformance.ts'
import { items, MysqlPlace } from './place.ts'

let mysql: Awaited<ReturnType<typeof startOptional<'mysql'>>>

beforeAll(async () => {
  mysql = await startOptional('mysql')
})

afterAll(() => mysql.stop())

describeSink('MySQL sink', () => MysqlPlace.make(mysql.addresses.mysqlUrl))

describe('the MySQL sink alone', () => {
  const sinks: Sink<string, Item>[] = []
  let place: MysqlPlace

  beforeEach(async () => {
    place = await MysqlPlace.make(mysql.addresses.mysqlUrl)
  })

  afterEach(async () => {
    await Promise.all(sinks.splice(0).map((sink) => sink.close()))
    await place.close()
  })

  async function opened(changes: Partial<MysqlSinkOptions<string, Item>> = {}): Promise<Sink<string, Item>> {
    const sink = place.sink('direct', changes)
    sinks.push(sink)
    await sink.open('sales', 'life-1', 0)
    return sink
  }

  it('writes every kind of value as it is', async () => {
    await place.pool.query(
      `CREATE TABLE kinds (id bigint PRIMARY KEY, price decimal(12,2), at datetime(3), day date, fine boolean, raw blob,
        doc json, code char(3), ratio double)`
    )
    const document = ['a "quote"', { back: '\\slash', nothing: null }, "it's"]
    const sink = await opened({
      tables: [
        {
          table: 'kinds',
          columns: {
            id: 'bigint',
            price: 'decimal(12,2)',
            at: 'datetime(3)',
            day: 'date',
            fine: 'boolean',
            raw: 'blob',
            doc: 'json',
            code: 'char(3)',
            ratio: 'double'
          },
          key: ['id'],
          row: ({ stock }) => ({
            id: 2n ** 60n + BigInt(stock),
            price: '12345.67',
            at: new Date(1_700_000_000_123),
            day: '2024-02-29',
            fine: false,
            raw: Buffer.from([0, 255, 92, 39]),
            doc: document,
            code: 'abc',
            ratio: stock === 0 ? null : stock / 0
          })
        }
      ]
    })
    const rejections = await sink.write(
      batchOf(0, [
        ['a', item(0)],
        ['b', item(1)]
      ])
    )
    expect(rejections.map(({ reason }) => reason)).toEqual(['Infinity has no form in MySQL'])
    const [rows] = await place.pool.query<RowDataPacket[]>(
      `SELECT CAST(id AS char) AS id, CAST(price AS char) AS price, CAST(at AS char) AS at, CAST(day AS char) AS day, fine, raw,
        CAST(doc AS char) AS doc, code, ratio FROM kinds`
    )
    const [row] = rows
    expect({ ...row, doc: JSON.parse(row?.['doc']) }).toEqual({
      id: String(2n ** 60n),
      price: '12345.67',
      at: '2023-11-14 22:13:20.123',
      day: '2024-02-29',
      fine: 0,
      raw: Buffer.from([0, 255, 92, 39]),
      doc: document,
      code: 'abc',
      ratio: null
    })
  })

  it('refuses what other settings of the server would cut or bend, and what it would not read at all', async () => {
    await place.pool.query('ALTER TABLE items MODIFY stock tinyint NOT NULL, ADD CHECK (stock <> 13)')
    const sink = await opened({ statementBytes: 100_000_000 })
    const packet = 17 * 1024 * 1024
    const rejections = await sink.write(
      batchOf<string, Item>(0, [
        ['a', item(1)],
        ['b', item(1000)],
        ['c', item(13)],
        ['x'.repeat(65), item(1)],
        ['d', { ...item(1), note: null } as unknown as Item],
        ['e', item(2, 'x'.repeat(packet))],
        ['f', item(3)]
      ])
    )
    expect(rejections.map(({ record, reason }) => [record.offset, reason])).toEqual([
      [1, expect.stringContaining('Out of range')],
      [2, expect.stringContaining('CONSTRAINT')],
      [3, expect.stringContaining('Data too long')],
      [4, expect.stringContaining("'note' cannot be null")],
      [5, expect.stringContaining('max_allowed_packet')]
    ])
    expect(await place.rows()).toEqual([
      ['a', 1, 'fine'],
      ['f', 3, 'fine']
    ])
  })

  it('lets an older version of a row change nothing', async () => {
    const { keyOf: _, removes: __, ...withoutDeletes } = items
    const sink = await opened({ tables: [{ ...withoutDeletes, version: 'stock' }] })
    await sink.write(
      batchOf(0, [
        ['a', item(5, 'new')],
        ['a', item(4, 'old')]
      ])
    )
    await sink.write(batchOf(2, [['a', item(3, 'older')]]))
    expect(await place.rows()).toEqual([['a', 5, 'new']])
    await sink.write(batchOf(3, [['a', item(6, 'newest')]]))
    expect(await place.rows()).toEqual([['a', 6, 'newest']])
  })

  it('takes away by keys of several columns', async () => {
    await place.pool.query('CREATE TABLE pairs (a int, b int, PRIMARY KEY (b, a))')
    const sink = await opened({
      tables: [
        {
          table: 'pairs',
          columns: { a: 'int', b: 'int' },
          key: ['a', 'b'],
          row: (_, key) => ({ a: Number(key?.[0]), b: Number(key?.[1]) }),
          removes: ({ rows }) => rows === -1
        }
      ]
    })
    const all = ['11', '12', '21', '22'].map((key) => [key, item(1)] as const)
    expect(await sink.write(batchOf(0, [...all, ['12', takenBack], ['22', takenBack]]))).toEqual([])
    const [rows] = await place.pool.query<RowDataPacket[]>('SELECT a, b FROM pairs ORDER BY a, b')
    expect(rows.map(({ a, b }) => [a, b])).toEqual([
      [1, 1],
      [2, 1]
    ])
  })

  it('waits for a lock only so long, and then is unavailable', async () => {
    const sink = await opened({ timeouts: { lockMs: 1000 } })
    await sink.write(batchOf(0, [['a', item(1)]]))
    const blocker = await place.pool.getConnection()
    await blocker.query('START TRANSACTION')
    await blocker.query('SELECT * FROM items FOR UPDATE')
    const second = batchOf(1, [['a', item(2)]])
    await expect(sink.write(second)).rejects.toSatisfy((error) => hasCode(error, 'SINK_UNAVAILABLE'))
    await blocker.query('ROLLBACK')
    blocker.release()
    expect(await sink.write(second)).toEqual([])
    expect(await place.rows()).toEqual([['a', 2, 'fine']])
  })

  it.each([
    ['the session', 'SET SESSION sql_mode'],
    ['what the tables are', 'information_schema.engines'],
    ['the takeover', 'INSERT INTO store_sku_sink_offsets'],
    ['the position', 'UPDATE store_sku_sink_offsets SET next']
  ])(
    'waits for no answer longer than for a statement: %s',
    async (_, statement) => {
      const sink = place.sink('proxy', { timeouts: { statementMs: 1000 } })
      sinks.push(sink)
      const frozen = place.proxy.freezeBefore((sent) => sent.includes(statement))
      const carried = sink
        .open('sales', 'life-1', 0)
        .then(() => sink.write(batchOf<string, Item>(0, [['a', item(1)]])))
      await Promise.all([
        frozen,
        expect(carried).rejects.toSatisfy((error) => hasCode(error, 'SINK_UNAVAILABLE'))
      ])
      await sink.open('sales', 'life-1', 0)
      expect(await sink.write(batchOf<string, Item>(0, [['a', item(2)]]))).toEqual([])
      expect(await place.rows()).toEqual([['a', 2, 'fine']])
    },
    10_000
  )

  it('does not begin with tables that would break its promise', async () => {
    const fails = (table: string, problem: string) =>
      expect(opened({ tables: [{ ...items, table }] })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(problem)
      })
    await place.pool.query(
      'CREATE TABLE files (id varchar(64) COLLATE utf8mb4_bin PRIMARY KEY, stock int, note text) ENGINE = MyISAM'
    )
    await fails('files', 'no transactions')
    await place.pool.query('CREATE TABLE twice LIKE items')
    await place.pool.query('ALTER TABLE twice ADD UNIQUE (stock)')
    await fails('twice', 'second unique index')
    await place.pool.query('ALTER TABLE twice DROP PRIMARY KEY')
    await fails('twice', 'no unique index over id')
    await place.pool.query('CREATE TABLE folded LIKE items')
    await place.pool.query('ALTER TABLE folded MODIFY id varchar(64) COLLATE utf8mb4_general_ci')
    await fails('folded', 'key column id needs a collation')
    expect(() =>
      place.sink('direct', { tables: [{ ...items, columns: { ...items.columns, note: 'text[]' } }] })
    ).toThrow('no type text[]')
  })
})
