import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import * as topics from '../../topology/retail/topics.ts'
import { salesCsv } from './ingest-fixture.ts'
import { created, MemoryIngest } from './memory-ingest.ts'

let system: MemoryIngest

afterEach(() => system.close())

/** With a reference file and one of sales in a store that is away. */
async function startWhileAway(): Promise<void> {
  system.store.put('sku-us/1/good.csv', salesCsv(3))
  system.store.put(
    'sku-us/reference/products.csv',
    'sku,name,brand,category,subcategory,list_price\n1,Tea,Leaf,Drinks,Hot,2.00\n'
  )
  system.store.away = true
  await system.ingest.start()
}

/** When the sales are there the product must be, too. */
async function expectProductsFirst(): Promise<void> {
  let products: unknown[] | undefined
  await vi.waitFor(() => {
    expect(system.read()).toEqual(['sku-us/1/good.csv'])
    products ??= system.values(topics.products.name)
  }, 10_000)
  expect(products).toHaveLength(1)
}

it('objects that the store refuses for good hold up no other, and are read when they can be', async () => {
  system = new MemoryIngest()
  const cold = Array.from({ length: 8 }, (_, i) => `1/cold-${i}.csv`)
  for (const [i, object] of [...cold, '1/good.csv'].entries())
    system.store.put(`sku-us/${object}`, salesCsv(3, 10 * i))
  for (const object of cold) system.store.refused.add(`sku-us/${object}`)
  await system.ingest.start()
  await system.ingest.announce(cold.map((object) => created(object)))
  await vi.waitFor(() => expect(system.warnings.length).toBeGreaterThanOrEqual(8), 10_000)
  await system.ingest.announce([created('1/good.csv')])
  await vi.waitFor(() => expect(system.read()).toEqual(['sku-us/1/good.csv']), 5_000)
  system.store.refused.clear()
  await vi.waitFor(() => expect(system.read()).toHaveLength(9), 20_000)
  await vi.waitFor(async () => expect(await system.ingest.isFinished()).toBe(true), 5_000)
  expect(system.broker.readAll(topics.rawCsv.name)).toHaveLength(9)
}, 30_000)

it('sales wait for a reference file that the store refuses, but not for ever', async () => {
  system = new MemoryIngest({ referenceWaitMs: 1_000 })
  for (const name of ['sku-us/1/good.csv', 'sku-ca/1/good.csv']) system.store.put(name, salesCsv(3))
  system.store.refused.add('sku-us/reference/products.csv')
  await system.ingest.start()
  await system.ingest.announce([created('reference/products.csv')])
  await vi.waitFor(() => expect(system.warnings).not.toEqual([]), 10_000)
  await system.ingest.announce([created('1/good.csv'), created('1/good.csv', 'sku-ca')])
  await vi.waitFor(() => expect(system.read()).toEqual(['sku-ca/1/good.csv']), 5_000)
  await vi.waitFor(() => expect(system.read()).toEqual(['sku-ca/1/good.csv', 'sku-us/1/good.csv']), 5_000)
  expect(system.warnings).toContainEqual(
    'sku-us/reference/products.csv: it is not to be had; sales of sku-us are read without it'
  )
}, 20_000)

it('while the store is away sales wait for reference files, however long it takes', async () => {
  system = new MemoryIngest({ referenceWaitMs: 500 })
  await startWhileAway()
  await system.ingest.announce([created('reference/products.csv')])
  // longer than the wait, and at the beginning of a rest of 1.6 s at least
  await vi.waitFor(() => expect(system.warnings.length).toBe(5), { timeout: 10_000, interval: 5 })
  await system.ingest.announce([created('1/good.csv')])
  system.store.away = false
  await expectProductsFirst()
}, 20_000)

it('sales wait for reference files that were unfinished at a restart', async () => {
  system = new MemoryIngest({ filesAtOnce: 1 })
  await startWhileAway()
  await system.ingest.announce([created('reference/products.csv'), created('1/good.csv')])
  await vi.waitFor(() => expect(system.warnings.length).toBe(5), { timeout: 10_000, interval: 5 })
  system.store.away = false
  system.store.refused.add('sku-us/reference/products.csv')
  const told = system.warnings.length
  await system.restart()
  await vi.waitFor(() => expect(system.warnings.length).toBeGreaterThan(told), 10_000)
  // sales that had begun before would be read by then
  await setTimeout(500)
  expect(system.read()).toEqual([])
  system.store.refused.clear()
  await expectProductsFirst()
}, 30_000)
