import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import * as topics from '../../topology/retail/topics.ts'
import { salesCsv } from './ingest-fixture.ts'
import { created, MemoryIngest } from './memory-ingest.ts'

let system: MemoryIngest

beforeEach(async () => {
  system = new MemoryIngest()
  await system.ingest.start()
})

afterEach(() => system.close())

/** After all that was announced before, and after a restart, files are read. */
async function goesOn(): Promise<void> {
  for (const name of ['before', 'after']) {
    if (name === 'after') await system.restart()
    system.store.put(`sku-ca/1/${name}.csv`, salesCsv(3))
    await system.ingest.announce([created(`1/${name}.csv`, 'sku-ca')])
    await vi.waitFor(() => expect(system.read()).toContain(`sku-ca/1/${name}.csv`), 10_000)
  }
}

const header = 'sku,name,brand,category,subcategory,list_price,valid_from'

it.each([
  ['a name', `1,${'\u0001'.repeat(180_000)},b,c,d,1.00,`, 'row 1: name: "\\u0001'],
  ['a SKU', `${'7'.repeat(300)},n,b,c,d,1.00,`, 'row 1: sku: "777'],
  ['a day', `1,n,b,c,d,1.00,${'a'.repeat(540_000)}`, 'row 1: valid_from: "aaa'],
  ['an open quote', `1,${'n'.repeat(540_000)}"x,b,c,d,1.00,`, 'row 1 is not CSV: ']
])('%s that is too long costs its reference row, with a short reason', async (_, row, reason) => {
  system.store.put('sku-us/reference/products.csv', `${header}\n${row}\n2,n,b,c,d,1.00,\n`)
  await system.ingest.announce([created('reference/products.csv')])
  await vi.waitFor(
    () => expect(system.lastState('reference/products.csv')).toMatchObject({ state: 'rejected' }),
    10_000
  )
  const problem = system.lastState('reference/products.csv')?.reason ?? ''
  expect(problem).toContain(reason)
  expect(problem.length).toBeLessThan(500)
  expect(system.values<{ sku: string }>(topics.products.name).map(({ sku }) => sku)).toEqual(['2'])
  await goesOn()
})

it('an event for a key that no store can have is a dead letter', async () => {
  const object = `1/${'a'.repeat(600_000)}.csv`
  await system.ingest.announce([created(object)])
  await vi.waitFor(() => expect(system.broker.readAll(topics.eventDeadLetters.name)).toHaveLength(1), 10_000)
  const [dead] = system.broker.readAll(topics.eventDeadLetters.name)
  expect(JSON.parse(String(dead?.value))).toMatchObject({ object })
  const text = Object.fromEntries(dead?.headers.map(({ key, value }) => [key, String(value)]) ?? [])
  expect(text).toMatchObject({
    '__streams.errors.topic': topics.fileEvents.name,
    '__streams.errors.message': expect.stringContaining('object: is longer than 1024 bytes')
  })
  await goesOn()
  expect(system.broker.readAll(topics.eventDeadLetters.name)).toHaveLength(1)
})

it('a notification larger than a record is kept in part', async () => {
  await system.ingest.deadLetter({
    text: '\u20ac'.repeat(700_000),
    reason: 'r'.repeat(700_000),
    source: 'test'
  })
  const [dead] = system.broker.readAll(topics.eventDeadLetters.name)
  expect(String(dead?.value)).toMatch(/^\u20ac{300000}$/)
})
