import { describe, expect, it } from 'vitest'
import { batchOf } from '../batches.ts'
import { entry, item, schemas } from './schema-fixture.ts'

describe('values in PostgreSQL', () => {
  const schema = schemas()

  it.each([
    ['parameters', Number.POSITIVE_INFINITY],
    ['copies', 1]
  ])('are written as they are, by %s', async (_, copyFrom) => {
    await schema().pool.query(
      `CREATE TABLE kinds (id bigint PRIMARY KEY, price numeric(12,2), at timestamptz, day date, fine boolean, raw bytea,
        doc jsonb, tags text[], note text, code char(3), ratio float8)`
    )
    const note = 'tab\t, line\n, return\r, end\\., null\\N, back\\\\slash, "quote", é🛒'
    const one = schema().sink({
      copyFrom,
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
            note: 'text',
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
            note,
            code: 'abc'
          })
        }
      ]
    })
    await one.open('sales', 'life-1', 0)
    expect(await one.write(batchOf(0, [entry(item(1))]))).toEqual([])
    const { rows } = await schema().pool.query('SELECT *, day::text AS day FROM kinds')
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
        note,
        code: 'abc',
        ratio: null
      }
    ])
  })
})
