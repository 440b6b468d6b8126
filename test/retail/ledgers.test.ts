import { expect, it } from 'vitest'
import { ledgerKey, ledgerParts } from '../../processors/retail/ledger-key.ts'
import type { Totals } from '../../processors/retail/ledgers.ts'
import * as topics from '../../topology/retail/topics.ts'
import { onlineRetailChunk, RetailDriver } from './chunks.ts'

const tea = '1997-01-02,7,100,c1,0,2,3.98,1.5522\n'
const moreTea = '1997-01-03,7,100,c3,0,3,5.97,2.3\n'
const returned = '1997-01-02,7,100,c1,0,-1,-1.99,-0.7761\n'
const unknown = '1997-01-02,7,999,c2,0,1,0.10,0.0333\n'

const sums = (totals: Partial<Totals>): Totals => ({
  rows: 0,
  units: 0,
  gross: 0,
  returns: 0,
  discount: 0,
  net: 0,
  charges: 0,
  cost: 0,
  uncosted: 0,
  ...totals
})

it('each ledger adds up sales, returns and cost of its own', () => {
  const driver = new RetailDriver()
  driver.product('100', 'Drinks')
  driver.rows(tea + moreTea + returned + unknown)
  expect(driver.readTable(topics.storeDays).get('US/7/1997-01-02')).toEqual({
    ...sums({ rows: 3, units: 20000, gross: 40800, returns: 19900, net: 20900, cost: 8094 }),
    country: 'US',
    storeId: '7',
    day: '1997-01-02',
    currency: 'USD',
    margin: 12806
  })
  expect(driver.readTable(topics.skuDays).get('US/100/US/1997-01-02')).toEqual({
    ...sums({ rows: 2, units: 10000, gross: 39800, returns: 19900, net: 19900, cost: 7761 }),
    country: 'US',
    sku: '100',
    market: 'US',
    day: '1997-01-02',
    productKind: 'product',
    margin: 12139
  })
  const categories = driver.readTable(topics.categoryDays)
  expect([...categories.keys()].sort()).toEqual([
    'US/Drinks/US/1997-01-02',
    'US/Drinks/US/1997-01-03',
    'US/Unclassified/US/1997-01-02'
  ])
  expect(categories.get('US/Drinks/US/1997-01-02')).toMatchObject({ rows: 2, net: 19900, margin: 12139 })
})

it('customers’ countries are kept apart, and so are charges', () => {
  const driver = new RetailDriver()
  driver.rows(
    [
      '1,22960,Jam,2,2011-05-03 09:41:00,4.25,1.0,EIRE',
      '1,22960,Jam,3,2011-05-03 09:41:00,4.25,1.0,France',
      '1,POST,POSTAGE,1,2011-05-03 09:41:00,18.0,1.0,France',
      'C2,D,Discount,-1,2011-05-03 09:41:00,1.5,1.0,France'
    ].join('\n'),
    onlineRetailChunk
  )
  expect(driver.readTable(topics.storeDays).get('GB/shop/2011-05-03')).toEqual({
    ...sums({
      rows: 4,
      units: 50000,
      gross: 392500,
      discount: 15000,
      net: 377500,
      charges: 165000,
      uncosted: 2
    }),
    country: 'GB',
    storeId: 'shop',
    day: '2011-05-03',
    currency: 'GBP',
    margin: null
  })
  const skuDays = driver.readTable(topics.skuDays)
  expect(skuDays.get('GB/22960/EIRE/2011-05-03')).toMatchObject({ rows: 1, net: 85000 })
  expect(skuDays.get('GB/22960/France/2011-05-03')).toMatchObject({ rows: 1, net: 127500 })
  expect(driver.readTable(topics.categoryDays).get('GB/Charges/France/2011-05-03')).toMatchObject({
    rows: 2,
    units: 0,
    charges: 165000
  })
  expect(driver.readTable(topics.skuSales).get('GB/22960')).toMatchObject({
    name: 'Jam',
    rows: 2,
    net: 212500,
    markets: [
      { market: 'EIRE', rows: 1, net: 85000 },
      { market: 'France', rows: 1, net: 127500 }
    ]
  })
})

it('a corrected file changes every figure by exactly the difference', () => {
  const driver = new RetailDriver()
  driver.product('100', 'Drinks')
  driver.rows(tea + moreTea)
  driver.rows(tea + moreTea, { sign: -1 })
  driver.rows(tea, { revision: 2 })
  expect(driver.readTable(topics.storeDays)).toEqual(
    new Map([['US/7/1997-01-02', expect.objectContaining({ rows: 1, net: 39800, cost: 15522 })]])
  )
  expect(driver.readTable(topics.skuDays)).toEqual(
    new Map([['US/100/US/1997-01-02', expect.objectContaining({ rows: 1, net: 39800 })]])
  )
  expect(driver.readTable(topics.categoryDays)).toEqual(
    new Map([['US/Drinks/US/1997-01-02', expect.objectContaining({ rows: 1, net: 39800 })]])
  )
  expect(driver.readTable(topics.skuSales).get('US/100')).toMatchObject({ rows: 1, net: 39800 })
  expect(
    driver.read(topics.lineItems).map(({ value }) => [value?.revision, value?.row, value?.rows])
  ).toEqual([
    [1, 1, 1],
    [1, 2, 1],
    [1, 1, -1],
    [1, 2, -1],
    [2, 1, 1]
  ])
})

it('of what is taken back wholly, no ledger keeps a row', () => {
  const driver = new RetailDriver()
  driver.rows(tea)
  driver.rows(tea, { sign: -1 })
  for (const topic of [topics.storeDays, topics.skuDays, topics.categoryDays, topics.skuSales])
    expect(driver.readTable<string, unknown>(topic as never), topic.name).toEqual(new Map())
})

it('a product that changes its category takes its days along, and what is taken back later comes out of the new one', () => {
  const driver = new RetailDriver()
  driver.rows(tea + unknown)
  const at = (category: string, day = '1997-01-02') =>
    driver.readTable(topics.categoryDays).get(`US/${category}/US/${day}`)
  expect(at('Unclassified')).toMatchObject({ rows: 2, net: 40800 })

  driver.product('100', 'Drinks')
  expect(at('Unclassified')).toMatchObject({ rows: 1, net: 1000 })
  expect(at('Drinks')).toMatchObject({ rows: 1, net: 39800, cost: 15522, margin: 24278 })

  driver.rows(moreTea, { firstRow: 3 })
  driver.product('100', 'Hot drinks')
  expect(at('Drinks')).toBeUndefined()
  expect(at('Hot drinks')).toMatchObject({ rows: 1, net: 39800 })
  expect(at('Hot drinks', '1997-01-03')).toMatchObject({ rows: 1, net: 59700 })
  expect(driver.readTable(topics.skuSales).get('US/100')).toMatchObject({ category: 'Hot drinks' })

  driver.rows(tea, { sign: -1 })
  expect(at('Hot drinks')).toBeUndefined()
  expect(at('Drinks')).toBeUndefined()

  driver.pipe(topics.products, { key: 'US/100', value: null, timestamp: 0 })
  expect(at('Hot drinks', '1997-01-03')).toBeUndefined()
  expect(at('Unclassified', '1997-01-03')).toMatchObject({ rows: 1, net: 59700 })
})

it('a code that is a product in one file and a charge in another takes both parts of its days along', () => {
  const csvHeader = 'sold_at,sku,quantity,amount,product_kind,description'
  const product = { ...onlineRetailChunk, csvHeader, file: 'sku-gb/shop/a.csv' }
  const charge = { ...product, file: 'sku-gb/shop/b.csv' }
  const [bag, fee] = ['2024-01-02,BAG,1,1,product,Bag\n', '2024-01-02,BAG,1,2,charge,Bag fee\n']
  for (const order of ['product first', 'charge first']) {
    const driver = new RetailDriver()
    const categories = () =>
      [...driver.readTable(topics.categoryDays).values()]
        .map(({ category, rows, net, charges, units }) => [category, rows, net, charges, units])
        .sort()
    const kind = () => driver.readTable(topics.skuDays).get('GB/BAG/GB/2024-01-02')?.productKind
    if (order === 'product first') driver.rows(bag, product)
    driver.rows(fee, charge)
    if (order === 'charge first') driver.rows(bag, product)
    const apart = [
      ['Charges', 1, 20_000, 20_000, 0],
      ['Unclassified', 1, 10_000, 0, 10_000]
    ]
    expect(categories()).toEqual(apart)
    expect(kind()).toBe('product')
    driver.product('BAG', 'Bags', { country: 'GB' })
    expect(categories()).toEqual([['Bags', 2, 30_000, 20_000, 10_000]])
    driver.product('BAG', '', { country: 'GB' })
    expect(categories()).toEqual(apart)
    // what is left is what it is, whatever was taken back last
    driver.rows(fee, { ...charge, sign: -1 })
    expect(categories()).toEqual([apart[1]])
    driver.rows(fee, { ...charge, revision: 2 })
    driver.rows(bag, { ...product, sign: -1 })
    expect(categories()).toEqual([apart[0]])
    expect(kind()).toBe('charge')
    driver.product('BAG', 'Bags', { country: 'GB' })
    expect(categories()).toEqual([['Bags', 1, 20_000, 20_000, 0]])
    driver.rows(fee, { ...charge, revision: 2, sign: -1 })
    expect(categories()).toEqual([])
    expect(kind()).toBeUndefined()
  }
})

it('a change of one SKU’s category leaves SKUs with longer codes alone', () => {
  const driver = new RetailDriver()
  driver.rows(tea + tea.replace(',100,', ',1000,') + tea.replace(',100,', ',100/1,'))
  driver.product('100', 'Drinks')
  expect(driver.readTable(topics.categoryDays).get('US/Drinks/US/1997-01-02')).toMatchObject({ rows: 1 })
  driver.product('100/1', 'Food')
  expect(driver.readTable(topics.categoryDays).get('US/Food/US/1997-01-02')).toMatchObject({ rows: 1 })
})

it('the product’s unit cost stands in where the file has none', () => {
  const driver = new RetailDriver()
  driver.product('22960', 'Food', { country: 'GB', unitCost: 20005 })
  const rows =
    '1,22960,Jam,3,2011-05-03 09:41:00,4.25,1.0,EIRE\n1,22961,Jam,1,2011-05-03 09:41:00,1,1.0,EIRE\n'
  driver.rows(rows, onlineRetailChunk)
  const skuDays = driver.readTable(topics.skuDays)
  expect(skuDays.get('GB/22960/EIRE/2011-05-03')).toMatchObject({ cost: 60015, uncosted: 0, margin: 67485 })
  expect(skuDays.get('GB/22961/EIRE/2011-05-03')).toMatchObject({ cost: 0, uncosted: 1, margin: null })
  driver.rows(rows, { ...onlineRetailChunk, sign: -1 })
  expect(driver.readTable(topics.skuDays)).toEqual(new Map())
})

it('a row is taken back at the unit cost at which it was added, whatever the product costs by then', () => {
  const row = '1,22960,Jam,3,2011-05-03 09:41:00,4.25,1.0,EIRE\n'
  const ledgers = [topics.storeDays, topics.skuDays, topics.categoryDays, topics.skuSales]
  for (const before of [null, 10_000]) {
    const driver = new RetailDriver()
    const skuDay = () => driver.readTable(topics.skuDays).get('GB/22960/EIRE/2011-05-03')
    driver.product('22960', 'Food', { country: 'GB', unitCost: before })
    driver.rows(row, onlineRetailChunk)
    driver.product('22960', 'Food', { country: 'GB', unitCost: 20005 })
    // the rest of the file is costed as its beginning was
    driver.rows(row, { ...onlineRetailChunk, firstRow: 2 })
    const known = { cost: 60_000, uncosted: 0 }
    expect(skuDay()).toMatchObject(before === null ? { cost: 0, uncosted: 2 } : known)
    driver.rows(row, { ...onlineRetailChunk, file: 'sku-gb/shop/other.csv' })
    expect(skuDay()).toMatchObject(
      before === null ? { cost: 60015, uncosted: 2, margin: null } : { cost: 120_015, uncosted: 0 }
    )
    driver.rows(row, { ...onlineRetailChunk, file: 'sku-gb/shop/other.csv', sign: -1 })
    driver.rows(row + row, { ...onlineRetailChunk, sign: -1 })
    for (const topic of ledgers)
      expect(driver.readTable<string, unknown>(topic as never), topic.name).toEqual(new Map())
    driver.rows(row, { ...onlineRetailChunk, revision: 2 })
    expect(skuDay()).toMatchObject({ rows: 1, cost: 60015, uncosted: 0, margin: 67485 })
  }
})

it('promotions are named where there are any', () => {
  const driver = new RetailDriver()
  driver.pipe(topics.promotions, {
    key: 'US/54',
    value: {
      country: 'US',
      promotionId: '54',
      name: 'Two for one',
      media: 'TV',
      cost: 0,
      firstDay: null,
      lastDay: null
    },
    timestamp: 0
  })
  driver.rows(`1997-01-02,7,100,c1,54,2,3.98,1.5\n${tea}1997-01-02,7,100,c1,55,2,3.98,1.5\n`)
  const named = driver.read(topics.lineItems).map(({ value }) => [value?.row, value?.promotionName])
  expect(named.sort()).toEqual([
    [1, 'Two for one'],
    [2, null],
    [3, null]
  ])
})

it('keys hold any names', () => {
  const parts = ['GB', 'a/b', '50%', '100%2F', '']
  expect(ledgerParts(ledgerKey(...parts))).toEqual(parts)
  expect(ledgerKey('GB', 'a/b', 'c')).not.toBe(ledgerKey('GB', 'a', 'b/c'))
})

it('a SKU that is also charged for is a product as long as it has rows of one, and the top tens are of those', () => {
  const driver = new RetailDriver()
  const csvHeader = 'sold_at,sku,quantity,amount,product_kind,description'
  const product = '2024-01-02,BAG,1,1,product,Bag\n2024-01-02,TEA,1,1.5,product,Tea\n'
  const charge = '2024-01-02,BAG,1,2,charge,Bag fee\n'
  const [a, b] = ['a', 'b'].map((name) => ({ csvHeader, file: `sku-us/7/${name}.csv` }))
  const bag = () => driver.readTable(topics.skuSales).get('US/BAG')
  const best = () => {
    driver.advanceWallClock(4_000)
    driver.advanceWallClock(4_000)
    const lines = [...driver.readTable(topics.topSkus)].filter(([key]) => key.includes('revenue'))
    return lines
      .map(([key, { sku, rows, units, net }]) => `${key} ${sku} ${rows} ${units / 10_000} ${net}`)
      .sort()
  }
  const alone = { productKind: 'product', name: 'Bag', rows: 1, net: 10_000, charges: 0 }
  const ranked = [
    'US//revenue/1 TEA 1 1 15000',
    'US//revenue/2 BAG 1 1 10000',
    'US/7/revenue/1 TEA 1 1 15000',
    'US/7/revenue/2 BAG 1 1 10000'
  ]

  driver.rows(product, a)
  driver.rows(charge, b)
  expect(bag()).toEqual({
    ...sums({ rows: 2, units: 10_000, gross: 30_000, net: 30_000, charges: 20_000, uncosted: 1 }),
    country: 'US',
    sku: 'BAG',
    productKind: 'product',
    name: 'Bag',
    brand: null,
    category: null,
    subcategory: null,
    listPrice: null,
    lastSold: '2024-01-02',
    units7: 0,
    units28: 0,
    markets: [expect.objectContaining({ market: 'US', rows: 2, charges: 20_000 })],
    stores: [{ storeId: '7', rows: 2, units: 10_000, net: 30_000 }]
  })
  expect(best()).toEqual(ranked)

  driver.rows(charge, { ...b, sign: -1 })
  expect(bag()).toMatchObject(alone)
  expect(best()).toEqual(ranked)

  driver.rows(charge, { ...b, revision: 2 })
  driver.rows(product, { ...a, sign: -1 })
  expect(bag()).toMatchObject({ productKind: 'charge', rows: 1, units: 0, net: 20_000 })
  expect(best()).toEqual([])

  driver.rows(product, { ...a, revision: 2 })
  expect(bag()).toMatchObject({ ...alone, rows: 2, net: 30_000, charges: 20_000 })
  expect(best()).toEqual(ranked)
})
