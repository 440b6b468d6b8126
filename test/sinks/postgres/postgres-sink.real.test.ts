import { describe, expect, it } from 'vitest'
import { hasCode } from '../../../core/errors.ts'
import { batchOf } from '../batches.ts'
import { entry, type Item, item, items, schemas } from './schema-fixture.ts'

describe('PostgreSQL sink', () => {
  const schema = schemas()

  it('has no position at first, and then the one after the rows', async () => {
    const one = schema().sink()
    expect(await one.open('sales', 'life-1', 0)).toBeUndefined()
    expect(await one.write(batchOf(40, [entry(item(1)), entry(item(2, 5))]))).toEqual([])
    expect(await one.write(batchOf(42, [entry(item(3))]))).toEqual([])
    expect(await schema().rows()).toEqual([
      [1, 'sku-1', 1],
      [2, 'sku-2', 5],
      [3, 'sku-3', 1]
    ])
    const other = schema().sink()
    expect(await other.open('sales', 'life-1', 0)).toBe(43)
    expect(await other.open('sales', 'life-1', 1)).toBeUndefined()
    expect(await other.open('sales', 'life-2', 0)).toBeUndefined()
  })

  it('fences the former owner', async () => {
    const former = schema().sink()
    await former.open('sales', 'life-1', 0)
    await former.write(batchOf(0, [entry(item(1))]))
    const later = schema().sink()
    expect(await later.open('sales', 'life-1', 0)).toBe(1)
    await expect(former.write(batchOf(1, [entry(item(1, 99))]))).rejects.toSatisfy((e) =>
      hasCode(e, 'SINK_FENCED')
    )
    await later.write(batchOf(1, [entry(item(2))]))
    expect(await schema().rows()).toEqual([
      [1, 'sku-1', 1],
      [2, 'sku-2', 1]
    ])
    await expect(later.write(batchOf(0, [entry(item(1))], 'life-2'))).rejects.toSatisfy((e) =>
      hasCode(e, 'SINK_FENCED')
    )
  })

  it('finds the rows that are refused, keeps the others and says why', async () => {
    const one = schema().sink()
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
    const written = (await schema().rows()) as [number, string, number][]
    expect(written).toHaveLength(43)
    expect(written.find(([row]) => row === 29)).toEqual([29, 'sku-29', 3])
  })

  it('names refused records again to the next owner, until a later batch is written', async () => {
    const former = schema().sink()
    await former.open('sales', 'life-1', 0)
    await former.write(batchOf(0, [entry(item(0)), entry(item(1, 13)), entry(item(2))]))
    // the former owner died before its dead letters were in their topic
    const next = schema().sink()
    expect(await next.open('sales', 'life-1', 0)).toBe(1)
    const again = batchOf(1, [entry(item(1, 13)), entry(item(2, 77)), entry(item(3))])
    expect(await next.write({ ...again, records: again.records.slice(0, 2), next: 3 })).toMatchObject([
      { record: { offset: 1 }, reason: expect.stringContaining('items_quantity_check') }
    ])
    expect(await next.write(batchOf(3, [entry(item(3))]))).toEqual([])
    expect(await schema().rows()).toEqual([
      [0, 'sku-0', 1],
      [2, 'sku-2', 1],
      [3, 'sku-3', 1]
    ])
    expect(await schema().sink().open('sales', 'life-1', 0)).toBe(4)
  })

  it('names a refused record until its dead letter is written, whatever else its batch brings', async () => {
    const former = schema().sink()
    await former.open('sales', 'life-1', 0)
    await former.write(batchOf(0, [entry(item(0)), entry(item(1, 13)), entry(item(2))]))
    // its dead letter fails twice; the second time new records are in the same batch
    const second = schema().sink()
    expect(await second.open('sales', 'life-1', 0)).toBe(1)
    const more = [entry(item(1, 13)), entry(item(2)), entry(item(3)), entry(item(4, 13))]
    const named = await second.write(batchOf(1, more))
    expect(named.map(({ record }) => record.offset)).toEqual([1, 4])
    const third = schema().sink()
    expect(await third.open('sales', 'life-1', 0)).toBe(1)
    const again = await third.write(batchOf(1, more))
    expect(again.map(({ record }) => record.offset)).toEqual([1, 4])
    // written: the next write proves it
    expect(await third.write(batchOf(5, [entry(item(5))]))).toEqual([])
    expect(await schema().sink().open('sales', 'life-1', 0)).toBe(6)
  })

  it('keeps a refused record whatever its reason quotes', async () => {
    const row = () => {
      throw new Error('not a price: "\0\ud83d"')
    }
    const one = schema().sink({ tables: [{ ...items, row }] })
    await one.open('sales', 'life-1', 0)
    expect(await one.write(batchOf(0, [entry(item(0))]))).toHaveLength(1)
    expect(await schema().sink().open('sales', 'life-1', 0)).toBe(0)
  })

  it('refuses to go back behind its position', async () => {
    const one = schema().sink()
    await one.open('sales', 'life-1', 0)
    await one.write(batchOf(10, [entry(item(1))]))
    await expect(one.write(batchOf(0, [entry(item(1))]))).rejects.toSatisfy((e) =>
      hasCode(e, 'OFFSET_OUT_OF_RANGE')
    )
  })

  it('lets an older version of a row change nothing', async () => {
    const { keyOf: _, ...withoutDeletes } = items
    const one = schema().sink({ tables: [{ ...withoutDeletes, version: 'quantity' }] })
    await one.open('sales', 'life-1', 0)
    await one.write(batchOf(0, [entry(item(1, 5, 'new')), entry(item(1, 4, 'old'))]))
    await one.write(batchOf(2, [entry(item(1, 3, 'older'))]))
    expect(await schema().rows()).toEqual([[1, 'new', 5]])
  })

  it('reports mistakes of the developer as such', async () => {
    expect(() => schema().sink({ tables: [] })).toThrow('writes no table')
    expect(() => schema().sink({ tables: [{ ...items, key: [] }] })).toThrow('a key of at least one column')
    expect(() => schema().sink({ tables: [{ ...items, key: ['nr'] }] })).toThrow('key column nr')
    expect(() => schema().sink({ tables: [{ ...items, version: 'row' }] })).toThrow(
      'version does not go together'
    )
    const nowhere = schema().sink({ tables: [{ ...items, table: 'nowhere' }] })
    await nowhere.open('sales', 'life-1', 0)
    await expect(nowhere.write(batchOf(0, [entry(item(1))]))).rejects.toSatisfy((e) =>
      hasCode(e, 'CONFIG_INVALID')
    )
    const misspelt = schema().sink({
      name: 'b',
      tables: [{ ...items, row: () => ({ file: 'a', row: 1, skuu: 'x' }) }]
    })
    await misspelt.open('sales', 'life-1', 0)
    await expect(misspelt.write(batchOf(0, [entry(item(1))]))).rejects.toSatisfy((e) =>
      hasCode(e, 'CONFIG_INVALID')
    )
  })

  it('waits for a lock only so long, and then is unavailable', async () => {
    const one = schema().sink({ timeouts: { lockMs: 100 } })
    await one.open('sales', 'life-1', 0)
    await one.write(batchOf(0, [entry(item(1))]))
    const blocker = await schema().pool.connect()
    await blocker.query('BEGIN; SELECT * FROM items FOR UPDATE')
    await expect(one.write(batchOf(1, [entry(item(1, 2))]))).rejects.toSatisfy((e) =>
      hasCode(e, 'SINK_UNAVAILABLE')
    )
    await blocker.query('ROLLBACK')
    blocker.release()
    await one.write(batchOf(1, [entry(item(1, 2))]))
    expect(await schema().rows()).toEqual([[1, 'sku-1', 2]])
  })
})
