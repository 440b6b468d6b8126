import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { header, IngestFixture, salesCsv, salesRows } from './ingest-fixture.ts'

const january = '1/1997-01.csv'

describe('Ingest', () => {
  let fixture: IngestFixture

  beforeEach(async () => {
    fixture = await IngestFixture.open()
  })

  afterEach(() => fixture.close())

  it('reads and archives files whose names are odd', async () => {
    const names = ['1/a&b=c.csv', '1/a+b (1).csv', '1/100%.csv', '1/é 日本.csv', "1/o'clock;x@y,z$.csv"]
    for (const name of names) await fixture.put(name, salesCsv(2))
    await fixture.start({ archive: fixture.archive })
    await fixture.scanned()
    for (const name of names) expect(await fixture.last(name), name).toMatchObject({ state: 'done', rows: 2 })
  })

  it('closes at once, though it is looking through its buckets', async () => {
    const ingest = await fixture.start({ scanIntervalMs: 60_000 })
    const began = performance.now()
    await ingest.close()
    expect(performance.now() - began).toBeLessThan(10_000)
  })

  it('brings a file in as announced, reading, chunks with their headers, done', async () => {
    const csv = salesCsv(5_000)
    await fixture.put(january, csv, { 'store-category': 'chain', chain: 'FoodMart' })
    const ingest = await fixture.start()
    expect(await fixture.scanned()).toEqual({ objects: 1, announced: 1 })
    const bytes = Buffer.byteLength(csv)
    expect(ingest.progress).toEqual({
      files: 1,
      filesTotal: 1,
      bytes,
      bytesTotal: bytes,
      rows: 5_000,
      done: 1,
      rejected: 0
    })

    const head = await fixture.objectStore.head(fixture.us, january)
    const announced = {
      bucket: fixture.us,
      object: january,
      country: 'US',
      storeId: '1',
      storeCategory: 'chain',
      chain: 'FoodMart',
      sizeBytes: bytes,
      etag: head?.etag,
      versionId: null,
      revision: 0,
      state: 'announced',
      rows: null,
      reason: null
    }
    expect(await fixture.states(january)).toEqual([
      announced,
      { ...announced, revision: 1, state: 'reading', rows: 0 },
      { ...announced, revision: 1, state: 'done', rows: 5_000 }
    ])

    const chunks = await fixture.chunks(january)
    expect(chunks.length).toBeGreaterThan(3)
    expect(await fixture.rawText(january)).toBe(salesRows(5_000))
    for (const { text, firstRow, ...chunk } of chunks)
      expect(chunk).toEqual({
        file: `${fixture.us}/${january}`,
        etag: head?.etag,
        revision: 1,
        sign: 1,
        csvHeader: header,
        delimiter: ',',
        country: 'US',
        storeId: '1',
        currency: 'USD',
        timeZone: 'America/Los_Angeles'
      })
    const records = await fixture.records(fixture.topics.rawCsv)
    expect(new Set(records.map(({ key }) => key))).toEqual(new Set(['US/1']))
    expect(new Set(records.map(({ partition }) => partition)).size).toBe(1)
    expect(new Set(records.map(({ timestamp }) => timestamp))).toEqual(new Set([head?.lastModifiedMs]))
  })

  it('reads gzip, files of other countries, and takes a store without metadata for individual', async () => {
    await fixture.objectStore.put(fixture.ca, '1/1997-01.csv.gz', gzipSync(salesCsv(10)))
    await fixture.put('2/1997-01.csv', salesCsv(1))
    await fixture.start()
    await fixture.scanned()
    const [chunk] = await fixture.chunks('1/1997-01.csv.gz', fixture.ca)
    expect(chunk).toMatchObject({
      text: salesRows(10),
      country: 'CA',
      currency: 'CAD',
      timeZone: 'America/Vancouver'
    })
    expect((await fixture.chunks('2/1997-01.csv'))[0]?.timeZone).toBe('America/Boise')
    const last = (await fixture.records(fixture.topics.files)).findLast(
      ({ value }) => value?.country === 'CA'
    )
    expect(last?.value).toMatchObject({ storeCategory: 'individual', chain: null, state: 'done', rows: 10 })
  })

  it('publishes reference data before sales, and tells of a bad row in it', async () => {
    await fixture.put(january, salesCsv(1))
    await fixture.put(
      'reference/stores.csv',
      'store_id;name;city;region;category;chain\n1;"One; first";Salem;OR;chain;FoodMart\n2;Two;Yakima;WA;individual;\n'
    )
    await fixture.put(
      'reference/products.csv',
      'sku,name,brand,category,subcategory,list_price,unit_cost\n1,Juice,Washington,Drinks,Juice,2.8500,1.1\n2,Mango,W,D,J,cheap,\n3,Nuts,W,S,N,0.7,\n'
    )
    await fixture.put(
      'reference/promotions.csv',
      'promotion_id,name,media,cost,first_day,last_day\n7,Big,TV,100,1997-01-01,\n'
    )
    await fixture.put(
      'reference/expenses.csv',
      'store_id,account,day,currency,amount\n1,rent,1997-01-31,USD,1200.50\n'
    )
    await fixture.put(
      'reference/inventory.csv',
      'store_id,sku,day,units_ordered,units_shipped\n1,3,1997-01-07,42,7.5\n'
    )
    await fixture.put(
      'reference/rates.csv',
      'currency,rate,valid_from\nMXN,0.11,1997-01-01\nMXN,0.12,1997-02-01\n'
    )
    await fixture.put('reference/weather.csv', 'day,rain\n1997-01-01,yes\n')
    await fixture.start()
    await fixture.scanned()
    const stores = await fixture.records(fixture.topics.stores)
    expect(stores.find(({ key }) => key === 'US/1')?.value).toEqual({
      country: 'US',
      storeId: '1',
      name: 'One; first',
      city: 'Salem',
      region: 'OR',
      category: 'chain',
      chain: 'FoodMart'
    })
    expect(stores.find(({ key }) => key === 'US/2')?.value).toMatchObject({
      category: 'individual',
      chain: null
    })
    const products = await fixture.records(fixture.topics.products)
    expect([...stores, ...products].map(({ timestamp }) => timestamp)).toEqual([0, 0, 0, 0])
    expect(products.map(({ key }) => key).sort()).toEqual(['US/1', 'US/3'])
    expect(products.find(({ key }) => key === 'US/1')?.value).toMatchObject({
      listPrice: 28_500,
      unitCost: 11_000
    })
    expect((await fixture.records(fixture.topics.promotions)).map(({ key }) => key)).toEqual(['US/7'])
    const [expense] = await fixture.records(fixture.topics.expenses)
    expect(expense).toMatchObject({ key: 'US/1/rent/1997-01-31', value: { amount: 12_005_000 } })
    const [delivery] = await fixture.records(fixture.topics.inventory)
    expect(delivery).toMatchObject({
      key: 'US/1/3/1997-01-07',
      value: { unitsOrdered: 420_000, unitsShipped: 75_000 }
    })
    const rates = await fixture.records(fixture.topics.rates)
    expect(rates.map(({ key, value, timestamp }) => [key, value?.rate, timestamp])).toEqual([
      ['MXN', 11_000_000, Date.parse('1997-01-01')],
      ['MXN', 12_000_000, Date.parse('1997-02-01')]
    ])
    expect(await fixture.states('reference/stores.csv')).toEqual([])
    expect(await fixture.states('reference/products.csv')).toMatchObject([
      { state: 'rejected', rows: 3, reason: expect.stringContaining('row 2: listPrice') }
    ])
    expect(await fixture.last('reference/weather.csv')).toMatchObject({ state: 'rejected' })

    await fixture.put(
      'reference/products.csv',
      'sku,name,brand,category,subcategory,list_price\n2,Mango,W,D,J,1.5\n'
    )
    await fixture.scanned()
    expect(await fixture.last('reference/products.csv')).toMatchObject({
      state: 'done',
      rows: 1,
      revision: 2
    })
  })

  it('does not begin with sales while reference files of the bucket are unfinished', async () => {
    const stores = Array.from({ length: 20_000 }, (_, i) => `${i},Store ${i},Salem,OR,individual,\n`).join('')
    await fixture.put('reference/stores.csv', `store_id,name,city,region,category,chain\n${stores}`)
    await fixture.put(january, salesCsv(1))
    const ingest = await fixture.start({ budgetBytes: 64 * 1024 })
    await fixture.running()
    const rowsWhenSalesBegin: number[] = []
    fixture.objectStore.onBody = (body) => {
      rowsWhenSalesBegin.push(ingest.progress.rows)
      return body
    }
    await fixture.announceAll([{ object: 'reference/stores.csv' }, { object: january }])
    await fixture.finished()
    expect((await fixture.records(fixture.topics.stores)).length).toBe(20_000)
    // all but what is on its way within the budget
    expect(rowsWhenSalesBegin).toHaveLength(1)
    expect(rowsWhenSalesBegin[0]).toBeGreaterThan(15_000)
  })

  it('reads a file that is announced five times once, one that is done not again, and a changed one anew', async () => {
    await fixture.put(january, salesCsv(3))
    await fixture.put('1/1997-02.csv', 'a,b\n1,2\n')
    await fixture.start()
    expect(await fixture.scanned()).toEqual({ objects: 2, announced: 2 })
    const { etag } = (await fixture.objectStore.head(fixture.us, january)) as { etag: string }
    for (const known of [etag, null])
      for (let i = 0; i < 5; i++) await fixture.announce(january, { etag: known })
    // looked at, and found to be there
    await fixture.announce(january, { kind: 'removed', sequencer: '01' })
    await fixture.finished()
    expect(await fixture.scanned()).toEqual({ objects: 2, announced: 0 })
    await fixture.stop()
    await fixture.start()
    expect(await fixture.scanned()).toEqual({ objects: 2, announced: 0 })
    expect((await fixture.chunks(january)).length).toBe(1)
    expect((await fixture.states(january)).map(({ state, rows }) => [state, rows])).toEqual([
      ['announced', null],
      ['reading', 0],
      ['done', 3]
    ])
    expect((await fixture.states('1/1997-02.csv')).map(({ state }) => state)).toEqual([
      'announced',
      'rejected'
    ])
  })

  it('rejects what it cannot read, with the reason, and goes on', async () => {
    await fixture.put('1/a.csv', header.replace('units', 'quantity'))
    await fixture.put('1/b.csv', '')
    await fixture.put('1/c.csv.gz', gzipSync(salesCsv(2_000)).subarray(0, -30))
    await fixture.put('1/d.csv', `${header}\n${'x'.repeat(1_100_000)}\n`)
    await fixture.put('1/e.csv', `${header}\n${'broken\n'.repeat(5)}`)
    await fixture.put('lost.csv', salesCsv(1))
    await fixture.put('1/readme.txt', 'not for us')
    await fixture.put('1/z.csv', salesCsv(2))
    const ingest = await fixture.start()
    await fixture.scanned()
    expect(ingest.progress).toMatchObject({ done: 2, rejected: 5, files: 7, filesTotal: 7 })
    const reason = async (key: string) => (await fixture.last(key))?.reason
    expect(await reason('1/a.csv')).toContain(
      'no dialect has the columns of its header line; the nearest is foodmart'
    )
    expect(await reason('1/a.csv')).toContain('missing: units; unknown or repeated: quantity')
    expect(await reason('1/b.csv')).toContain('it is empty')
    expect(await reason('1/c.csv.gz')).toContain('damaged gzip')
    expect(await reason('1/d.csv')).toContain('row 1 is longer than')
    expect(await reason('lost.csv')).toContain('its key names no store')
    expect(await fixture.states('1/readme.txt')).toEqual([])
    expect(await fixture.last('1/z.csv')).toMatchObject({ state: 'done', rows: 2 })
    // rows are judged by who reads the raw topic
    expect(await fixture.last('1/e.csv')).toMatchObject({ state: 'done', rows: 5 })
  })

  it('brings text of any encoding and delimiter in as UTF-8, its delimiter named', async () => {
    const rows = (sku: string) => `1997-01-05;1;${sku};;0;2;1.5;0.5\n`
    const head = header.replaceAll(',', ';')
    await fixture.put('1/latin.csv', Buffer.from(`${head}\n${rows('caf\xe9')}${rows('plain')}`, 'latin1'))
    await fixture.put(
      '1/mixed.csv',
      Buffer.concat([Buffer.from(`${head}\n${rows('café €')}`), Buffer.from(rows('\x80 caf\xe9'), 'latin1')])
    )
    await fixture.put('1/wide.csv', Buffer.from(`\ufeff${head}\n${rows('café 🙂')}`, 'utf16le'))
    await fixture.put('1/big.csv', Buffer.from(`\ufeff${head}\n${rows('日本')}`, 'utf16le').swap16())
    await fixture.start()
    await fixture.scanned()
    const only = async (key: string) => {
      const [chunk, ...more] = await fixture.chunks(key)
      expect(more).toEqual([])
      expect(chunk).toMatchObject({ csvHeader: head, delimiter: ';', firstRow: 1 })
      return chunk?.text
    }
    expect(await only('1/latin.csv')).toBe(rows('café') + rows('plain'))
    expect(await only('1/mixed.csv')).toBe(rows('café €') + rows('€ café'))
    expect(await only('1/wide.csv')).toBe(rows('café 🙂'))
    expect(await only('1/big.csv')).toBe(rows('日本'))
  })
})

describe('ObjectStore', () => {
  it('lists beyond one page, and does not know what is not there', async () => {
    const fixture = await IngestFixture.open()
    const { objectStore, us } = fixture
    await objectStore.ensureBucket(us)
    await Promise.all(Array.from({ length: 1_010 }, (_, i) => objectStore.put(us, `many/${i}`, 'x')))
    let count = 0
    for await (const { sizeBytes } of objectStore.list(us, { prefix: 'many/' })) count += sizeBytes
    expect(count).toBe(1_010)
    expect(await objectStore.get(us, 'none')).toBeUndefined()
    expect(await objectStore.head(us, 'none')).toBeUndefined()
    expect(await objectStore.getVersion(us, 'none', { etag: 'x' })).toBe('missing')
    expect(await objectStore.getVersion(us, 'many/1', { etag: 'x' })).toBe('changed')
    await expect(objectStore.list('no-such-bucket').next()).rejects.toThrow(
      expect.objectContaining({ code: 'OBJECT_STORE_UNAVAILABLE' })
    )
    await fixture.close()
  })
})
