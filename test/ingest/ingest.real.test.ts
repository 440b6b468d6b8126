import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import type { IngestProgress } from '../../ingest/ingest-progress.ts'
import { header, IngestFixture, salesCsv } from './ingest-fixture.ts'

const january = '1/1997-01.csv'
const body = (csv: string) => csv.slice(header.length + 1)

describe('Ingest', () => {
  let fixture: IngestFixture

  beforeEach(async () => {
    fixture = await IngestFixture.open()
  })

  it('brings a file in as announced, chunks with their headers, done', async () => {
    const csv = salesCsv(5_000)
    await fixture.put(january, csv, { 'store-category': 'chain', chain: 'FoodMart' })
    const progress: IngestProgress[] = []
    const result = await fixture.run({ onProgress: (step) => progress.push(step) })
    expect(result).toEqual({ done: 1, rejected: 0, skipped: 0, rows: 5_000, stopped: false })
    const bytes = Buffer.byteLength(csv)
    expect(progress.at(-1)).toEqual({ files: 1, filesTotal: 1, bytes, bytesTotal: bytes, rows: 5_000 })

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
      state: 'announced',
      rows: null,
      reason: null
    }
    expect(await fixture.states(january)).toEqual([announced, { ...announced, state: 'done', rows: 5_000 }])

    const chunks = await fixture.records(fixture.topics.rawCsv)
    expect(chunks.length).toBeGreaterThan(3)
    expect(chunks.map(({ value }) => value).join('')).toBe(body(csv))
    expect(new Set(chunks.map(({ key }) => key))).toEqual(new Set(['US/1']))
    expect(new Set(chunks.map(({ partition }) => partition)).size).toBe(1)
    expect(new Set(chunks.map(({ timestamp }) => timestamp))).toEqual(new Set([head?.lastModifiedMs]))
    let row = 1
    for (const chunk of chunks) {
      expect(['file', 'etag', 'csv-header', 'first-row', 'country', 'store-id'].map(chunk.header)).toEqual([
        `${fixture.us}/${january}`,
        head?.etag,
        header,
        String(row),
        'US',
        '1'
      ])
      row += chunk.value?.trimEnd().split('\n').length ?? 0
    }
  })

  it('reads gzip, files of other countries, and takes a store without metadata for individual', async () => {
    await fixture.objectStore.put(fixture.ca, '1/1997-01.csv.gz', gzipSync(salesCsv(10)))
    expect(await fixture.run()).toMatchObject({ done: 1, rows: 10 })
    const [chunk] = await fixture.records(fixture.topics.rawCsv)
    expect(chunk).toMatchObject({ key: 'CA/1', value: body(salesCsv(10)) })
    const last = (await fixture.records(fixture.topics.files)).at(-1)
    expect(last?.value).toMatchObject({
      country: 'CA',
      storeCategory: 'individual',
      chain: null,
      state: 'done'
    })
  })

  it('publishes reference data first, and tells of a bad row in it', async () => {
    await fixture.put(january, salesCsv(1))
    await fixture.put(
      'reference/stores.csv',
      'store_id,name,city,region,category,chain\n1,"One, first",Salem,OR,chain,FoodMart\n2,Two,Yakima,WA,individual,\n'
    )
    await fixture.put(
      'reference/products.csv',
      'sku,name,brand,category,subcategory,list_price\n1,Juice,Washington,Drinks,Juice,2.8500\n2,Mango,W,D,J,cheap\n3,Nuts,W,S,N,0.7\n'
    )
    let productsAtFirstFile: number | undefined
    await fixture.run({
      onProgress: () => {
        productsAtFirstFile ??= fixture.kafka.broker.readAll('products').length
      }
    })
    expect(productsAtFirstFile).toBe(2)
    const stores = await fixture.records(fixture.topics.stores)
    expect(stores.find(({ key }) => key === 'US/1')?.value).toEqual({
      country: 'US',
      storeId: '1',
      name: 'One, first',
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
    expect(products.find(({ key }) => key === 'US/1')?.value?.listPrice).toBe(28_500)
    expect(await fixture.states('reference/stores.csv')).toEqual([])
    expect(await fixture.states('reference/products.csv')).toMatchObject([
      { state: 'rejected', rows: 3, reason: expect.stringContaining('row 2: listPrice') }
    ])
  })

  it('skips files that are done or rejected, and reads one again when its etag changes', async () => {
    await fixture.put(january, salesCsv(3))
    await fixture.put('1/1997-02.csv', 'a,b\n1,2\n')
    expect(await fixture.run()).toMatchObject({ done: 1, rejected: 1 })
    expect(await fixture.run()).toEqual({ done: 0, rejected: 0, skipped: 2, rows: 0, stopped: false })
    expect(await fixture.rawText(january)).toBe(body(salesCsv(3)))

    await fixture.put(january, salesCsv(4))
    expect(await fixture.run()).toMatchObject({ done: 1, rejected: 0, skipped: 1, rows: 4 })
    const states = await fixture.states(january)
    expect(states.map((one) => [one?.state, one?.rows])).toEqual([
      ['announced', null],
      ['done', 3],
      ['announced', null],
      ['done', 4]
    ])
    expect(states[3]?.etag).not.toBe(states[1]?.etag)
  })

  it('rejects what it cannot read, with the reason, and goes on', async () => {
    await fixture.put('1/a.csv', header.replace('units', 'quantity'))
    await fixture.put('1/b.csv', '')
    await fixture.put('1/c.csv.gz', gzipSync(salesCsv(2_000)).subarray(0, -30))
    await fixture.put('1/d.csv', `${header}\n${'x'.repeat(1_100_000)}\n`)
    await fixture.put('lost.csv', salesCsv(1))
    await fixture.put('1/readme.txt', 'not for us')
    await fixture.put('1/z.csv', salesCsv(2))
    expect(await fixture.run()).toMatchObject({ done: 1, rejected: 5 })
    const reason = async (key: string) => (await fixture.states(key)).at(-1)?.reason
    expect(await reason('1/a.csv')).toBe(
      'no dialect has the columns of its header line; the nearest is foodmart ' +
        '(missing: units; unknown or repeated: quantity)'
    )
    expect(await reason('1/b.csv')).toContain('it is empty')
    expect(await reason('1/c.csv.gz')).toContain('damaged gzip')
    expect(await reason('1/d.csv')).toContain('row 1 is longer than')
    expect(await reason('lost.csv')).toContain('its key names no store')
    expect(await fixture.states('1/readme.txt')).toEqual([])
    expect((await fixture.states('1/z.csv')).at(-1)).toMatchObject({ state: 'done', rows: 2 })
  })

  it('reads on when a connection breaks, each row once', async () => {
    await fixture.put(january, salesCsv(20_000))
    fixture.objectStore.failures = 2
    fixture.objectStore.failAfter = 500_000
    const progress: IngestProgress[] = []
    expect(await fixture.run({ onProgress: (step) => progress.push(step) })).toMatchObject({ rows: 20_000 })
    expect(await fixture.rawText(january)).toBe(body(salesCsv(20_000)))
    expect(progress.at(-1)?.bytes).toBe(progress.at(-1)?.bytesTotal)
  })

  it('goes on after a run that failed within a file, each row once', async () => {
    await fixture.put('1/1996-12.csv', salesCsv(2))
    await fixture.put(january, salesCsv(20_000))
    await fixture.run({ signal: AbortSignal.abort() })
    fixture.objectStore.failures = 5
    fixture.objectStore.failAfter = 500_000
    await expect(fixture.run()).rejects.toThrow(expect.objectContaining({ code: 'OBJECT_STORE_UNAVAILABLE' }))
    expect((await fixture.states(january)).map((one) => one?.state)).toEqual(['announced'])
    const published = (await fixture.rawText(january)).length
    expect(published).toBeGreaterThan(0)
    expect(published).toBeLessThan(body(salesCsv(20_000)).length)

    fixture.objectStore.failures = 0
    const progress: IngestProgress[] = []
    await fixture.run({ onProgress: (step) => progress.push(step) })
    expect(await fixture.rawText(january)).toBe(body(salesCsv(20_000)))
    expect((await fixture.states(january)).map((one) => [one?.state, one?.rows])).toEqual([
      ['announced', null],
      ['done', 20_000]
    ])
    expect(await fixture.rawText('1/1996-12.csv')).toBe(body(salesCsv(2)))
    expect(progress.at(-1)).toMatchObject({ files: 2, filesTotal: 2, rows: 20_002 })
  })

  it('stops after the file under way, and the next run reads the others', async () => {
    const months = ['01', '02', '03', '04'].map((month) => `1/1997-${month}.csv`)
    for (const month of months) await fixture.put(month, salesCsv(4_000))
    const stop = new AbortController()
    const result = await fixture.run({
      signal: stop.signal,
      onProgress: ({ rows }) => {
        if (rows > 0) stop.abort()
      }
    })
    expect(result).toMatchObject({ done: 1, rows: 4_000, stopped: true })
    expect(await fixture.run()).toMatchObject({ done: 3, skipped: 1, rows: 12_000, stopped: false })
    for (const month of months) expect(await fixture.rawText(month)).toBe(body(salesCsv(4_000)))
  })
})

describe('ObjectStore', () => {
  it('lists beyond one page, and does not know what is not there', async () => {
    const { objectStore, us } = await IngestFixture.open()
    await objectStore.ensureBucket(us)
    await Promise.all(Array.from({ length: 1_010 }, (_, i) => objectStore.put(us, `many/${i}`, 'x')))
    let count = 0
    for await (const { sizeBytes } of objectStore.list(us, 'many/')) count += sizeBytes
    expect(count).toBe(1_010)
    expect(await objectStore.get(us, 'none')).toBeUndefined()
    expect(await objectStore.head(us, 'none')).toBeUndefined()
    await expect(objectStore.list('no-such-bucket').next()).rejects.toThrow(
      expect.objectContaining({ code: 'OBJECT_STORE_UNAVAILABLE' })
    )
  })
})
