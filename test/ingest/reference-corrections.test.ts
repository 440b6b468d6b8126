import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { ObjectStore } from '../../ingest/object-store.ts'
import { type Asked, nothingRead, type Reading } from '../../ingest/reading/file-progress.ts'
import { FileReading } from '../../ingest/reading/file-reading.ts'
import type { ReadingStep } from '../../ingest/reading/reading-step.ts'
import { VersionSource } from '../../ingest/reading/version-source.ts'
import { expensesFile } from '../../ingest/references/expenses.ts'
import { readReferenceRows } from '../../ingest/references/reference-file.ts'
import * as topics from '../../topology/retail/topics.ts'
import { RetailDriver } from '../retail/chunks.ts'
import { created, MemoryIngest } from './memory-ingest.ts'
import { MemoryObjectStore } from './memory-store.ts'

const bucket = { bucket: 'sku-us', country: 'US', currency: 'USD', timeZone: 'America/New_York' }
let system: MemoryIngest

beforeEach(async () => {
  system = new MemoryIngest()
  system.store.keepsVersions = true
  await system.ingest.start()
})

afterEach(() => system.close())

/** Puts the file, and waits until all is read that was announced. */
async function put(object: string, content: string): Promise<void> {
  system.store.put(`sku-us/${object}`, content)
  await system.ingest.announce([created(object)])
  await vi.waitFor(async () => expect(await system.ingest.isFinished()).toBe(true), 10_000)
}

/** Key, value's field and day of each record. */
function records(topic: string, field: string): [string, unknown, string][] {
  return system.broker.readAll(topic).map(({ key, value, timestamp }) => {
    const day = new Date(Number(timestamp)).toISOString().slice(0, 10)
    return [String(key), value === null ? null : JSON.parse(String(value))[field], day]
  })
}

const expenses = (...rows: string[]) => `store_id,account,day,currency,amount\n${rows.join('\n')}\n`
const rent = (day: string, amount = 1000) => `7,Rent,${day},USD,${amount}`

it('rows that a corrected reference file has no longer are taken back, and the others are never away', async () => {
  await put(
    'reference/expenses.csv',
    expenses(rent('2024-01-01'), rent('2023-12-01', 7), '7,Tea,2024-01-01,USD,5')
  )
  const before = records(topics.expenses.name, 'amount').length
  await put('reference/expenses.csv', expenses(rent('2024-02-01'), rent('2023-12-01', 8)))
  expect(records(topics.expenses.name, 'amount').slice(before)).toEqual([
    ['US/7/Rent/2024-01-01', null, '1970-01-01'],
    ['US/7/Tea/2024-01-01', null, '1970-01-01'],
    ['US/7/Rent/2024-02-01', 10_000_000, '1970-01-01'],
    ['US/7/Rent/2023-12-01', 80_000, '1970-01-01']
  ])
  expect(system.lastState('reference/expenses.csv')).toMatchObject({
    state: 'done',
    rows: 2,
    revision: 2,
    reason: null
  })

  const driver = new RetailDriver()
  const yearToDate = (from: number, to?: number) => {
    for (const { key, value, timestamp } of system.broker.readAll(topics.expenses.name).slice(from, to)) {
      const expense = value === null ? null : JSON.parse(String(value))
      driver.pipe(topics.expenses, { key: String(key), value: expense, timestamp: Number(timestamp) })
    }
    driver.advanceWallClock(4_000)
    const lines = [...driver.readTable(topics.profitAndLoss).values()]
    return lines.map((one) => [one.day, one.yearToDate.local.expenses]).sort()
  }
  expect(yearToDate(0, before)).toEqual([
    ['2023-12-01', 70_000],
    ['2024-01-01', 10_050_000]
  ])
  expect(yearToDate(before)).toEqual([
    ['2023-12-01', 80_000],
    ['2024-01-01', 0],
    ['2024-02-01', 10_000_000]
  ])
})

it('a rate that began on a wrong day gives way to the one before it', async () => {
  const rates = (...rows: string[]) => `currency,rate,valid_from\n${rows.join('\n')}\n`
  await put('reference/rates.csv', rates('EUR,1.1,2020-01-01', 'EUR,1.3,2020-03-01', 'CHF,1,2020-01-01'))
  const before = records(topics.rates.name, 'rate').length
  await put('reference/rates.csv', rates('EUR,1.1,2020-01-01', 'EUR,1.3,2020-04-01'))
  expect(records(topics.rates.name, 'rate').slice(before)).toEqual([
    ['EUR', 110_000_000, '2020-03-01'],
    ['CHF', null, '2020-01-01'],
    ['EUR', 110_000_000, '2020-01-01'],
    ['EUR', 130_000_000, '2020-04-01']
  ])
})

it('a correction that cannot be read takes nothing back', async () => {
  await put('reference/expenses.csv', expenses(rent('2024-01-01')))
  await put('reference/expenses.csv', `store_id,account,day\n7,Rent,2024-01-01\n`)
  expect(system.lastState('reference/expenses.csv')).toMatchObject({
    state: 'rejected',
    rows: 1,
    reason: 'its header line lacks currency, amount'
  })
  expect(records(topics.expenses.name, 'amount')).toHaveLength(1)
})

it('without the former version a correction counts, and says what it could not do', async () => {
  system.store.keepsVersions = false
  await put('reference/expenses.csv', expenses(rent('2024-01-01')))
  await put('reference/expenses.csv', expenses(rent('2024-02-01')))
  expect(records(topics.expenses.name, 'amount').map(([key]) => key)).toEqual([
    'US/7/Rent/2024-01-01',
    'US/7/Rent/2024-02-01'
  ])
  expect(system.lastState('reference/expenses.csv')).toMatchObject({
    state: 'done',
    rows: 1,
    revision: 2,
    reason: expect.stringContaining('so rows that only that one had still count')
  })
})

it('of rows with one key the one with the latest valid_from stands, wherever it is', async () => {
  const product = (sku: string, name: string, from: string) => `${sku},${name},b,c,s,1,${from}`
  const filler = Array.from({ length: 5_000 }, (_, i) => product(`f${i}`, 'Filler of some length', ''))
  const rows = [
    product('TEA', 'New', '2023-01-01'),
    ...filler,
    product('TEA', 'Old', '2020-01-01'),
    product('TEA', 'Oldest', '')
  ]
  await put(
    'reference/products.csv',
    `sku,name,brand,category,subcategory,list_price,valid_from\n${rows.join('\n')}\n`
  )
  expect(records(topics.products.name, 'name').filter(([key]) => key === 'US/TEA')).toEqual([
    ['US/TEA', 'New', '2023-01-01']
  ])
})

/** Reads on until a step is the last wanted, as a task would that is killed then, and does to the table what the task forwards. */
async function readUntil(
  store: MemoryObjectStore,
  from: Reading,
  table: Map<string, number>,
  isLast: (step: ReadingStep) => boolean = () => false
): Promise<Reading> {
  const object = 'reference/expenses.csv'
  const asked: Asked = { looks: from.looked + 1, sequencer: null, removed: false }
  const objectStore = store as unknown as ObjectStore
  const source = new VersionSource(objectStore, undefined)
  const { signal } = new AbortController()
  const parts = {
    bucket,
    object,
    asked: () => asked,
    store: objectStore,
    source,
    reference: expensesFile,
    retractsRemoved: false,
    signal
  }
  let reading = from
  for await (const step of new FileReading(parts, from).steps()) {
    reading = step.reading
    const { chunk } = step
    if (chunk !== undefined) {
      const rows = { ...chunk.part.form, text: String(chunk.content), firstRow: chunk.firstRow }
      readReferenceRows(expensesFile, rows, bucket, (key, { amount }, timestamp) => {
        if (chunk.sign === 1) table.set(key, amount)
        else if (chunk.standing?.instead(key, timestamp) === null) table.delete(key)
      })
    }
    if (isLast(step)) break
  }
  return reading
}

it.each([
  ['a former version is taken back', -1, 1],
  ['a former version is taken back for the second time', -1, 2],
  ['a correction is read', 1, 1],
  ['a correction is read on', 1, 2]
])('a file that is corrected again while %s ends as its last version', async (_, sign, chunks) => {
  const store = new MemoryObjectStore()
  store.keepsVersions = true
  // each of several chunks
  const version = (from: number, amount: number) =>
    expenses(...Array.from({ length: 6_000 }, (_, i) => `7,Account ${from + i},2024-01-01,USD,${amount}`))
  const table = new Map<string, number>()
  store.put('sku-us/reference/expenses.csv', version(0, 1))
  const first = await readUntil(store, nothingRead, table)
  expect(table.size).toBe(6_000)
  store.put('sku-us/reference/expenses.csv', version(3_000, 2))
  let seen = 0
  const killed = await readUntil(
    store,
    first,
    table,
    ({ chunk }) => chunk?.sign === sign && ++seen === chunks
  )
  expect(seen).toBe(chunks)
  store.put('sku-us/reference/expenses.csv', version(4_000, 3))
  const last = await readUntil(store, killed, table)
  expect(last).toMatchObject({ state: 'done', part: { rows: 6_000, taken: null } })
  expect([...table.keys()].sort()).toEqual(
    Array.from({ length: 6_000 }, (_, i) => `US/7/Account ${4_000 + i}/2024-01-01`).sort()
  )
  expect(new Set(table.values())).toEqual(new Set([30_000]))
})

it('a file that could not be read is told of when its correction can', async () => {
  await put('reference/expenses.csv', `store_id,account,day\n7,Rent,2024-01-01\n`)
  expect(system.lastState('reference/expenses.csv')).toMatchObject({ state: 'rejected' })
  await put('reference/expenses.csv', expenses(rent('2024-01-01')))
  expect(system.lastState('reference/expenses.csv')).toMatchObject({ state: 'done', rows: 1, reason: null })
})
