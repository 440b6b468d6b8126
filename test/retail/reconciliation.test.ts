import { expect, it } from 'vitest'
import { rawChunkHeaders } from '../../processors/retail/raw-chunk.ts'
import * as topics from '../../topology/retail/topics.ts'
import { chunkOf, onlineRetailChunk, RetailDriver } from './chunks.ts'

const good = '1997-01-02,7,100,c1,0,2,3.98,1.5\n'
const file = 'sku-us/7/1997-01.csv'

function settled(driver: RetailDriver) {
  driver.advanceWallClock(500)
  return driver.readTable(topics.reconciliation)
}

it('holds each file against its line items, dead letters and ledgers', () => {
  const driver = new RetailDriver()
  driver.rows(`${good}1997-13-02,7,100,c1,0,2,1.5,1\nshort,row\n`)
  // counted as they are read, but told by the ledgers only a moment later
  expect(driver.readTable(topics.reconciliation).get(`${file}#1`)).toMatchObject({ agree: false })
  driver.rows(good, { firstRow: 4 })
  expect(settled(driver)).toEqual(
    new Map([
      [
        `${file}#1`,
        {
          file,
          revision: 1,
          country: 'US',
          input: { rows: 4, net: 94600 },
          deadLetters: { rows: 2, net: 15000 },
          lineItems: { rows: 2, net: 79600 },
          ledgers: { rows: 2, net: 79600 },
          agree: true
        }
      ]
    ])
  )
})

it('a version that was taken back is nothing everywhere, its dead letters too', () => {
  const driver = new RetailDriver()
  const rows = `${good}1997-13-02,7,100,c1,0,2,1.5,1\n`
  driver.rows(rows)
  driver.rows(rows, { sign: -1 })
  driver.rows(good, { revision: 2 })
  const nothing = { rows: 0, net: 0 }
  const table = settled(driver)
  expect(table.get(`${file}#1`)).toMatchObject({
    input: nothing,
    deadLetters: nothing,
    lineItems: nothing,
    ledgers: nothing,
    agree: true
  })
  expect(table.get(`${file}#2`)).toMatchObject({ input: { rows: 1, net: 39800 }, agree: true })
  expect(driver.read(topics.rejectedRows).map(({ value }) => [value?.rows, value?.net])).toEqual([
    [1, 15000],
    [-1, -15000]
  ])
})

it('a chunk that cannot be read at all counts with all its rows', () => {
  const driver = new RetailDriver()
  driver.rows(good + good, { csvHeader: 'a,b' })
  expect(settled(driver).get(`${file}#1`)).toMatchObject({
    input: { rows: 2, net: 0 },
    deadLetters: { rows: 2, net: 0 },
    agree: true
  })
})

it('a chunk without its origin is one dead letter, and the stream goes on', () => {
  const driver = new RetailDriver()
  driver.pipe(topics.rawCsv, { key: 'US/7', value: good + good })
  driver.pipe(topics.rawCsv, {
    key: 'US/7',
    value: good,
    headers: rawChunkHeaders(chunkOf()).filter(({ key }) => key !== 'currency')
  })
  expect(driver.read(topics.rejectedRows).map(({ value }) => [value?.file, value?.rows])).toEqual([
    ['retail.raw-csv-0-0', 2],
    ['retail.raw-csv-0-1', 1]
  ])
  driver.rows(good)
  expect(driver.read(topics.lineItems)).toHaveLength(1)
})

it('a dead letter has the customer’s country and the money, where its row says them', () => {
  const driver = new RetailDriver()
  driver.rows(
    '1,22960,Jam,2,never,4.25,1.0,EIRE\n1,22960,Jam,2,2011-05-03,much,1.0,France\nx\n',
    onlineRetailChunk
  )
  expect(driver.read(topics.rejectedRows).map(({ value }) => [value?.market, value?.net])).toEqual([
    ['EIRE', 85000],
    ['France', 0],
    ['GB', 0]
  ])
})
