import { describe, expect, it } from 'vitest'
import { chooseDialect } from '../../processors/retail/dialects/choose-dialect.ts'
import { dayInZone } from '../../processors/retail/dialects/day-in-zone.ts'
import { RejectedRow, Sale } from '../../processors/retail/model.ts'
import { type ChunkInfo, parseSales } from '../../processors/retail/parse-sale.ts'
import { chunkOf, onlineRetailChunk, onlineRetailHeader } from './chunks.ts'

function parseAll(text: string, info: ChunkInfo): { sales: Sale[]; rejected: RejectedRow[] } {
  const sales: Sale[] = []
  const rejected: RejectedRow[] = []
  parseSales(text, info, {
    sale: (sale) => sales.push(Sale.parse(sale)),
    rejected: (row) => rejected.push(RejectedRow.parse(row))
  })
  return { sales, rejected }
}

describe('online-retail', () => {
  const chunk = chunkOf(onlineRetailChunk)
  const one = (text: string, more: Partial<ChunkInfo> = {}) => parseAll(text, { ...chunk, ...more })
  const row = '536365,85123A,"HEART, ""WHITE""",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom'

  it('is an invoice line a row', () => {
    expect(one(row)).toEqual({
      sales: [
        {
          file: 'sku-gb/shop/2011-05-03.csv',
          revision: 1,
          row: 1,
          rows: 1,
          country: 'GB',
          storeId: 'shop',
          sku: '85123A',
          productKind: 'product',
          kind: 'sale',
          market: 'United Kingdom',
          invoice: '536365',
          businessDay: '2010-12-01',
          customerId: '17850',
          promotionId: null,
          description: 'HEART, "WHITE"',
          currency: 'GBP',
          units: 60_000,
          sales: 153_000,
          discount: 0,
          cost: null
        }
      ],
      rejected: []
    })
  })

  it('refuses what no database could hold', () => {
    const { sales, rejected } = one(row.replace('HEART', 'HE\0RT'))
    expect(sales).toEqual([])
    expect(rejected[0]?.reason).toBe('description: "HE\\u0000RT, \\"WHITE\\"" has a NUL character')
  })

  it('takes back what a chunk with the sign -1 says, as it was added', () => {
    expect(one(row, { sign: -1, revision: 3 }).sales[0]).toMatchObject({
      rows: -1,
      revision: 3,
      kind: 'sale',
      units: -60_000,
      sales: -153_000
    })
  })

  it.each([
    [
      'a cancellation',
      'C536379,22960,Jam,-2,2010-12-01 09:41:00,4.25,14527.0,EIRE',
      { kind: 'return', sales: -85_000 }
    ],
    [
      'a negative quantity that is none',
      '536589,21777,,-10,2010-12-01 16:50:00,0.0,,EIRE',
      { kind: 'return', sales: 0, units: -100_000, customerId: null, description: null }
    ],
    [
      'a zero price',
      '536414,22139,,56,2010-12-01 11:52:00,0.0,,EIRE',
      { kind: 'sale', sales: 0, units: 560_000 }
    ],
    [
      'a negative price',
      'A563186,B,Adjust bad debt,1,2011-08-12 14:51:00,-11062.06,,United Kingdom',
      { kind: 'return', sales: -110_620_600, productKind: 'charge' }
    ],
    [
      'a price of three decimals',
      '550193,PADS,PADS TO MATCH,7,2011-04-15 09:27:00,0.001,13952.0,EIRE',
      { sales: 70, productKind: 'product' }
    ],
    [
      'a price of four decimals',
      '550193,84879,x,3,2011-04-15 09:27:00,0.0625,13952.0,EIRE',
      { sales: 1_875 }
    ],
    [
      'a code with a blank behind it',
      '536370,47503J ,x,3,2010-12-01 08:45:00,18.0,12583.0,France',
      { sku: '47503J', productKind: 'product' }
    ],
    [
      'postage',
      '536370,POST,POSTAGE,3,2010-12-01 08:45:00,18.0,12583.0,France',
      { productKind: 'charge', market: 'France', sales: 540_000 }
    ],
    [
      'a discount',
      'C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527.0,EIRE',
      { productKind: 'charge', sales: -275_000, discount: 275_000 }
    ],
    ['a day alone', '536370,22326,x,3,2010-12-01,1,12583.0,France', { businessDay: '2010-12-01' }],
    [
      'no country that is one',
      '536370,22326,x,3,2010-12-01 08:45:00,1,12583,European Community',
      { market: 'European Community', customerId: '12583' }
    ]
  ])('understands %s', (_, text, expected) => {
    expect(one(text)).toEqual({ sales: [expect.objectContaining(expected)], rejected: [] })
  })

  it.each(['POST', 'DOT', 'M', 'm', 'C2', 'S', 'AMAZONFEE', 'BANK CHARGES', 'CRUK', 'gift_0001_20', 'B'])(
    'keeps the charge %s apart',
    (code) => {
      expect(one(row.replace('85123A', code)).sales[0]).toMatchObject({ sku: code, productKind: 'charge' })
    }
  )

  it('counts equal rows as often as they are there', () => {
    expect(one(`${row}\n${row}\n`).sales.map((sale) => sale.row)).toEqual([1, 2])
  })

  it.each([
    ['quantity: "1.5" is no whole number', '1,22326,x,1.5,2010-12-01 08:45:00,1,1,France', 0],
    ['quantity: "six" is not', '1,22326,x,six,2010-12-01 08:45:00,1,1,France', 0],
    ['unitprice: "1.00001" is not', '1,22326,x,2,2010-12-01 08:45:00,1.00001,1,France', 0],
    ['unitprice: "1e-3" is not', '1,22326,x,2,2010-12-01 08:45:00,1e-3,1,France', 0],
    ['unitprice: times quantity', '1,22326,x,9000000,2010-12-01 08:45:00,900000,1,France', 0],
    ['invoicedate: "2010-12-01 25:00:00" is neither', '1,22326,x,2,2010-12-01 25:00:00,1.5,1,France', 30_000],
    ['invoicedate: "01/12/2010 08:26" is neither', '1,22326,x,2,01/12/2010 08:26,1.5,1,France', 30_000],
    ['invoicedate: "2010-02-30" is not', '1,22326,x,2,2010-02-30 08:26:00,1.5,1,France', 30_000],
    ['stockcode: is empty', '1,,x,2,2010-12-01 08:45:00,1.5,1,France', 30_000]
  ])('refuses %s, and says what money is in the row', (reason, text, net) => {
    const { sales, rejected } = one(text)
    expect(sales).toEqual([])
    expect(rejected).toEqual([
      expect.objectContaining({ reason: expect.stringContaining(reason), market: 'France', net, rows: 1 })
    ])
    expect(one(text, { sign: -1 }).rejected[0]).toMatchObject({ rows: -1, net: net === 0 ? 0 : -net })
  })
})

describe('store-sku', () => {
  const header = 'sold_at,sku,quantity,amount'
  const chunk = chunkOf({ csvHeader: header })
  const one = (text: string, csvHeader = header, more: Partial<ChunkInfo> = {}) =>
    parseAll(text, { ...chunk, csvHeader, ...more })

  it('needs four columns', () => {
    expect(one('2024-03-01,A-1,2.5,9.99').sales).toEqual([
      expect.objectContaining({
        sku: 'A-1',
        units: 25_000,
        sales: 99_900,
        kind: 'sale',
        productKind: 'product',
        market: 'US',
        cost: null,
        discount: 0
      })
    ])
  })

  it('understands all the others, in any order and with another delimiter', () => {
    const csvHeader =
      'cost;discount;description;promotion_id;customer_country;customer_id;product_kind;kind;invoice;store_id;currency;amount;quantity;sku;sold_at'
    const text = '1.5;0.5;Tea;p;CA;c;charge;return;i;7;USD;-3;-1;A;2024-03-01 09:00'
    expect(one(text, csvHeader, { delimiter: ';' }).sales).toEqual([
      expect.objectContaining({
        cost: 15_000,
        discount: 5_000,
        description: 'Tea',
        promotionId: 'p',
        market: 'CA',
        customerId: 'c',
        productKind: 'charge',
        kind: 'return',
        invoice: 'i',
        sales: -30_000,
        businessDay: '2024-03-01'
      })
    ])
  })

  it.each([
    ['2024-03-01', '2024-03-01'],
    ['2024-03-01T23:59', '2024-03-01'],
    ['2024-03-01 23:59:59.5', '2024-03-01'],
    ['2024-03-01T07:59:00Z', '2024-02-29'],
    ['2024-03-01T08:00:00Z', '2024-03-01'],
    ['2024-03-01 23:59:59+09:00', '2024-03-01'],
    ['2024-03-01T00:30:00+0900', '2024-02-29']
  ])('%s is the business day %s in Los Angeles', (soldAt, day) => {
    expect(one(`${soldAt},A,1,1`).sales[0]?.businessDay).toBe(day)
  })

  it.each([
    ['store_id: "8" in a file of store 7', 'sold_at,sku,quantity,amount,store_id', '2024-03-01,A,1,1,8'],
    ['currency: "EUR" in a bucket', 'sold_at,sku,quantity,amount,currency', '2024-03-01,A,1,1,EUR'],
    ['kind: "gift" is neither', 'sold_at,sku,quantity,amount,kind', '2024-03-01,A,1,1,gift'],
    ['product_kind: "x" is neither', 'sold_at,sku,quantity,amount,product_kind', '2024-03-01,A,1,1,x'],
    ['sold_at: "2024-03-01T25:00Z" is neither', header, '2024-03-01T25:00Z,A,1,1'],
    ['discount: "x" is not', 'sold_at,sku,quantity,amount,discount', '2024-03-01,A,1,1,x'],
    ['cost: "x" is not', 'sold_at,sku,quantity,amount,cost', '2024-03-01,A,1,1,x']
  ])('refuses %s', (reason, csvHeader, text) => {
    expect(one(text, csvHeader).rejected).toEqual([
      expect.objectContaining({ reason: expect.stringContaining(reason), net: 10_000, market: 'US' })
    ])
  })
})

describe('chooseDialect', () => {
  it('knows each by its columns', () => {
    expect(chooseDialect(onlineRetailHeader).dialect.name).toBe('online-retail')
    expect(chooseDialect('sku;amount;sold_at;quantity;cost', ';').dialect.name).toBe('store-sku')
    expect(() => chooseDialect('sku,amount,sold_at,quantity,price')).toThrow(
      'the nearest is store-sku (unknown or repeated: price)'
    )
  })
})

it('days are those of the zone, through changes of its clocks', () => {
  expect(dayInZone(Date.parse('2024-03-31T00:59:00Z'), 'Europe/London')).toBe('2024-03-31')
  expect(dayInZone(Date.parse('2024-03-31T22:59:59Z'), 'Europe/London')).toBe('2024-03-31')
  expect(dayInZone(Date.parse('2024-03-31T23:00:00Z'), 'Europe/London')).toBe('2024-04-01')
  expect(() => dayInZone(0, 'Europe/Nowhere')).toThrow('no time zone Europe/Nowhere')
})
