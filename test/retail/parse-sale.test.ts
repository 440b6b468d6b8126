import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { parseRows } from '../../processors/retail/csv/parse-rows.ts'
import { chooseDialect } from '../../processors/retail/dialects/choose-dialect.ts'
import { RejectedRow, Sale } from '../../processors/retail/model.ts'
import { parseAmount } from '../../processors/retail/parse-amount.ts'
import { type ChunkInfo, parseSales } from '../../processors/retail/parse-sale.ts'
import { rawChunk, rawChunkHeaders } from '../../processors/retail/raw-chunk.ts'

const header = 'date,store_id,sku,customer_id,promotion_id,units,sales,cost'
const chunk: ChunkInfo = {
  file: 'sku-us/2/1997-01.csv',
  revision: 1,
  sign: 1,
  csvHeader: header,
  delimiter: ',',
  firstRow: 11,
  country: 'US',
  storeId: '2',
  currency: 'USD',
  timeZone: 'America/Los_Angeles'
}
/** What this file's sales have beyond what its rows say. */
const same = {
  file: chunk.file,
  revision: 1,
  rows: 1,
  country: 'US',
  storeId: '2',
  productKind: 'product',
  kind: 'sale',
  market: 'US',
  invoice: null,
  description: null,
  currency: 'USD',
  discount: 0
}
const good = '1997-01-05,2,90748583674,6280,0,2.0000,1.5000,0.5100'

function parseAll(text: string, info: ChunkInfo = chunk): { sales: Sale[]; rejected: RejectedRow[] } {
  const sales: Sale[] = []
  const rejected: RejectedRow[] = []
  parseSales(text, info, { sale: (sale) => sales.push(sale), rejected: (row) => rejected.push(row) })
  return { sales, rejected }
}

describe('parseSales', () => {
  it('reads a sale with exact amounts', () => {
    expect(parseAll(`${good}\n`)).toEqual({
      sales: [
        {
          ...same,
          row: 11,
          sku: '90748583674',
          businessDay: '1997-01-05',
          customerId: '6280',
          promotionId: null,
          units: 20_000,
          sales: 15_000,
          cost: 5_100
        }
      ],
      rejected: []
    })
  })

  it('finds columns by name, in any order and with quotes', () => {
    const info = { ...chunk, csvHeader: 'Cost, "SALES",units,promotion_id,customer_id,sku,store_id,date' }
    const text = '0.51,1.5,2,54,,"a ""b"", c",2,1997-01-05\r\n'
    expect(parseAll(text, info).sales).toMatchObject([
      { sku: 'a "b", c', promotionId: '54', customerId: null, units: 20_000, sales: 15_000, cost: 5_100 }
    ])
  })

  it.each([
    ['has 7 fields where the header has 8', '1997-01-05,2,9,6280,0,2,1.5'],
    ['has 9 fields where the header has 8', `${good},`],
    ['date: is empty', ',2,9,6280,0,2,1.5,0.5'],
    ['date: "1997-02-29" is not a day as yyyy-mm-dd', '1997-02-29,2,9,6280,0,2,1.5,0.5'],
    ['date: "1969-12-31": a day is from 1970-01-01 to 2099-12-31', '1969-12-31,2,9,6280,0,2,1.5,0.5'],
    ['date: "2100-01-01": a day is from 1970-01-01 to 2099-12-31', '2100-01-01,2,9,6280,0,2,1.5,0.5'],
    ['date: "05.01.1997" is not a day as yyyy-mm-dd', '05.01.1997,2,9,6280,0,2,1.5,0.5'],
    ['store_id: "3" in a file of store 2', '1997-01-05,3,9,6280,0,2,1.5,0.5'],
    ['sku: is empty', '1997-01-05,2,,6280,0,2,1.5,0.5'],
    ['sku: "caf\ufffd" is not UTF-8 text', '1997-01-05,2,caf\ufffd,6280,0,2,1.5,0.5'],
    ['units: is empty', '1997-01-05,2,9,6280,0,,1.5,0.5'],
    ['units: "two" is not a decimal number', '1997-01-05,2,9,6280,0,two,1.5,0.5'],
    ['sales: "1,5" is not a decimal number', '1997-01-05,2,9,6280,0,2,"1,5",0.5'],
    ['sales: "1.23456" is not a decimal number of at most four', '1997-01-05,2,9,6280,0,2,1.23456,0.5'],
    ['cost: "1e3" is not a decimal number', '1997-01-05,2,9,6280,0,2,1.5,1e3'],
    ['is not CSV: Invalid Opening Quote', '1997-01-05,2,9"x,6280,0,2,1.5,0.5'],
    ['is not CSV: Invalid Closing Quote', '1997-01-05,2,"9"x,6280,0,2,1.5,0.5'],
    ['is not CSV: Quote Not Closed', '1997-01-05,2,"9,6280,0,2,1.5,0.5']
  ])('rejects one row only: %s', (reason, bad) => {
    const { sales, rejected } = parseAll(`${good}\n${bad}\n\n${good}\n`)
    expect(sales.map(({ row }) => row)).toEqual([11, 13])
    expect(rejected).toEqual([
      {
        file: chunk.file,
        revision: 1,
        row: 12,
        rows: 1,
        country: 'US',
        storeId: '2',
        market: 'US',
        net: expect.any(Number),
        reason: expect.stringContaining(reason),
        text: bad
      }
    ])
    expect(RejectedRow.safeParse(rejected[0]).success).toBe(true)
  })

  it('refuses a field that is too long to be carried on, with a short reason', () => {
    const own = { ...chunk, csvHeader: 'sold_at,sku,quantity,amount,description,customer_country' }
    const row = (sku: string, description: string, country = '') =>
      `1997-01-05,${sku},1,1.00,${description},${country}\n`
    const text =
      row('é'.repeat(128), '\u0001'.repeat(4096)) +
      row('é'.repeat(129), '') +
      row('1', 'a'.repeat(4097)) +
      row('1', '', 'b'.repeat(500_000)) +
      row('1', `${'c'.repeat(500_000)}"`)
    const { sales, rejected } = parseAll(text, own)
    expect(sales.map(({ row }) => row)).toEqual([11])
    expect(rejected.map(({ row, reason, market }) => [row, reason, market])).toEqual([
      [12, `sku: "${'é'.repeat(60)}…" is longer than 256 bytes`, 'US'],
      [13, `description: "${'a'.repeat(60)}…" is longer than 4096 bytes`, 'US'],
      [14, `customer_country: "${'b'.repeat(60)}…" is longer than 256 bytes`, 'US'],
      [15, expect.stringMatching(/^is not CSV: .{100,200}$/), 'US']
    ])
    const wrong = parseAll(`${'9'.repeat(500_000)},2,1,1,0,1,1,1\n`).rejected
    expect(wrong[0]?.reason.length).toBeLessThan(150)
  })

  it('goes on after many bad rows among quoted ones, in order', () => {
    const quoted = good.replace('90748583674', '"two\nlines"')
    const text = [quoted, 'x"y', quoted, good, '"open', good, quoted].join('\r\n')
    const order: string[] = []
    parseSales(text, chunk, {
      sale: ({ row }) => order.push(`sale ${row}`),
      rejected: ({ row }) => order.push(`rejected ${row}`)
    })
    expect(order).toEqual([
      'sale 11',
      'rejected 12',
      'sale 13',
      'sale 14',
      'rejected 15',
      'sale 16',
      'sale 17'
    ])
  })

  it('keeps the head of a long bad row', () => {
    const [rejected] = parseAll('x'.repeat(100_000)).rejected
    expect(rejected?.text).toHaveLength(4_097)
  })

  it('agrees with the schema on what is a sale', () => {
    const pick = randomChoices(3)
    const days = [
      '1997-01-05',
      '1996-02-29',
      '1997-02-29',
      '0000-01-01',
      '1997-1-5',
      '',
      '1997-13-01',
      ' 1997-01-05'
    ]
    const ids = ['9', '', '90748583674-000-111', 'é', '-', '0']
    const amounts = [
      '0',
      '-0',
      '1.5',
      '-2.00000',
      '0.00001',
      '900719925474.0991',
      '900719925474.0992',
      '',
      '.5',
      '5.',
      'x'
    ]
    let sales = 0
    for (let i = 0; i < 20_000; i++) {
      const [day, sku, customer, promotion] = [pick(days), pick(ids), pick(ids), pick(ids)]
      const [units, revenue, cost] = [pick(amounts), pick(amounts), pick(amounts)]
      const result = parseAll([day, '2', sku, customer, promotion, units, revenue, cost].join(','))
      const schema = Sale.safeParse({
        ...same,
        kind: units.startsWith('-2') || revenue.startsWith('-2') ? 'return' : 'sale',
        row: 11,
        sku,
        businessDay: day,
        customerId: customer === '' ? null : customer,
        promotionId: promotion === '' || promotion === '0' ? null : promotion,
        units: slowAmount(units),
        sales: slowAmount(revenue),
        cost: slowAmount(cost)
      })
      if (schema.success) {
        sales++
        expect(result.sales).toEqual([schema.data])
      } else expect(result.sales).toEqual([])
    }
    expect(sales).toBeGreaterThan(500)
  })

  it('throws for a chunk that is none', () => {
    expect(() => parseAll(good, { ...chunk, csvHeader: 'a,b' })).toThrow('no dialect')
    expect(() => parseAll(good, { ...chunk, timeZone: 'Europe/Nowhere' })).toThrow('no time zone')
    expect(() => parseAll(good, { ...chunk, country: 'USA' })).toThrow('no valid country, store and currency')
  })
})

describe('parseRows', () => {
  it('finds what csv-parse finds', () => {
    const pick = randomChoices(5)
    const fields = ['', 'a', 'b c', ' d ', '"q"', '"a,b"', '"a""b"', '"a\nb"', '"a\r\nb"', 'é🙂', '""']
    for (let round = 0; round < 3_000; round++) {
      let text = ''
      for (let i = pick([1, 2, 3, 8]); i > 0; i--) {
        const width = pick([1, 2, 3])
        text += Array.from({ length: width }, () => pick(fields)).join(',') + pick(['\n', '\r\n', '\n\n'])
      }
      const found: string[][] = []
      parseRows(text, 1, {
        row: (row) => found.push([...row]),
        malformed: (reason) => expect.fail(`${reason}: ${JSON.stringify(text)}`)
      })
      const expected = parse(text, {
        relax_column_count: true,
        skip_empty_lines: true,
        record_delimiter: ['\r\n', '\n']
      })
      expect(found, JSON.stringify(text)).toEqual(expected)
    }
  })
})

describe('parseAmount', () => {
  it.each([
    ['12.3456', 123_456],
    ['0.1', 1_000],
    ['0.3', 3_000],
    ['-0.0001', -1],
    ['.5', 5_000],
    ['1.50000000', 15_000],
    ['007', 70_000],
    ['1764546.4400', 17_645_464_400],
    ['900719925474.0991', Number.MAX_SAFE_INTEGER],
    ['-900719925474.0991', Number.MIN_SAFE_INTEGER]
  ])('reads %s', (text, value) => {
    expect(parseAmount(text)).toBe(value)
  })

  it('has no negative zero', () => {
    expect(Object.is(parseAmount('-0.0'), 0)).toBe(true)
  })

  it.each([
    '',
    '-',
    '.',
    '5.',
    '1.23456',
    '1e3',
    ' 1',
    '1 ',
    '+1',
    '1,5',
    '--1',
    '1.2.3',
    'NaN',
    '900719925474.0992',
    '9'.repeat(400)
  ])('refuses %j', (text) => {
    expect(parseAmount(text)).toBeUndefined()
  })
})

describe('chooseDialect', () => {
  it('knows FoodMart by its columns', () => {
    expect(chooseDialect(header)).toMatchObject({ dialect: { name: 'foodmart' }, columns: 8 })
  })

  it('names the nearest dialect and what differs', () => {
    expect(() =>
      chooseDialect('date,store_id,sku,customer_id,promotion_id,quantity,sales,cost,cost')
    ).toThrow(
      expect.objectContaining({
        code: 'FILE_UNREADABLE',
        message:
          'no dialect has the columns of its header line; the nearest is foodmart ' +
          '(missing: units; unknown or repeated: quantity, cost)'
      })
    )
    expect(() => chooseDialect('a "b"')).toThrow('its header line is not CSV')
    // a database's text could not hold it as it is
    expect(() => chooseDialect('date,\0')).toThrow('repeated: date, \\u0000)')
  })
})

describe('rawChunk', () => {
  it('comes back from its headers', () => {
    const info = { ...chunk, etag: 'abc' }
    expect(rawChunk(rawChunkHeaders(info))).toEqual(info)
    expect(() => rawChunk([])).toThrow(expect.objectContaining({ code: 'DESERIALIZATION' }))
  })
})

/** Another way to the same amounts. */
function slowAmount(text: string): number | undefined {
  const match = /^(-?)(\d*)(?:\.(\d+))?$/.exec(text)
  if (match === null || (match[2] === '' && match[3] === undefined)) return undefined
  const decimals = (match[3] ?? '').replace(/0+$/, '')
  if (decimals.length > 4) return undefined
  const value = Number(`${match[2]}${decimals.padEnd(4, '0')}`)
  return match[1] === '-' && value !== 0 ? -value : value
}

/** The same choices each time: a linear congruential generator. */
function randomChoices(seed: number): <T>(from: readonly T[]) => T {
  let state = seed
  return (from) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return from[Math.floor((state / 2 ** 32) * from.length)] as never
  }
}
