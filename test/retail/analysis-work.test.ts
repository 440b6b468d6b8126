import { expect, it } from 'vitest'
import { integer, json, type KStream, StreamsBuilder, string, topic } from '../../index.ts'
import { basketPairs } from '../../processors/retail/baskets.ts'
import type { LineItem } from '../../processors/retail/model.ts'
import { anomalies } from '../../processors/retail/price-anomalies.ts'
import {
  MonthChange,
  projectionRows,
  projections,
  seriesMonthsStore
} from '../../processors/retail/projections.ts'
import { storeSale } from '../../processors/retail/store-sale.ts'
import { candidates } from '../../processors/retail/top-skus.ts'
import { type TestRecord, TopologyTestDriver } from '../../testing.ts'
import { boughtTogether } from '../../topology/retail/baskets.ts'
import { unusualPrices } from '../../topology/retail/price-anomalies.ts'
import { skuSales } from '../../topology/retail/sku-sales.ts'
import { topSkus } from '../../topology/retail/top-skus.ts'
import * as topics from '../../topology/retail/topics.ts'
import { lineItem } from './line-item.ts'

/*
 * One callback reads some 20,000 entries. What is read shows in what it has published and in what waits still.
 */
const goOnMs = 20
const perRecord = 1000
const rows = topic('rows', { key: string(), value: integer(), partitions: 1 })

type Items = KStream<string, LineItem, 'value'>

class WorkDriver extends TopologyTestDriver {
  constructor(declare: (builder: StreamsBuilder) => void) {
    const builder = new StreamsBuilder()
    declare(builder)
    super(builder.build(), { cacheMaxBytes: 64 << 20 })
  }

  count(store: string): number {
    return [...this.keyValueStore<string, unknown>(store).all()].length
  }

  /** Lets it come to rest: the first callback. */
  rest(): void {
    this.advanceWallClock(4000)
  }
}

/** An analysis of line items alone: `count` records of a thousand items each, keyed by the SKU that has the record's number. */
function ofItems(
  count: number,
  itemOf: (record: number, n: number) => Partial<LineItem>,
  declare: (items: Items) => void
): WorkDriver {
  const driver = new WorkDriver((builder) =>
    declare(
      builder
        .stream(rows)
        .flatMapValues((record) => Array.from({ length: perRecord }, (_, n) => lineItem(itemOf(record, n))))
    )
  )
  for (let record = 0; record < count; record++)
    driver.pipe(rows, { key: `US/${record}`, value: record, timestamp: 0 })
  return driver
}

it('prices of many SKUs are read over several callbacks', () => {
  const driver = ofItems(
    30,
    (record, n) => ({ sku: `${record}`, sales: n === 0 ? 90_000_000 : 10_000 + n }),
    unusualPrices
  )
  driver.rest()
  expect(driver.count(anomalies.waiting.name)).toBeGreaterThan(5)
  driver.advanceWallClock(goOnMs)
  expect(driver.count(anomalies.waiting.name)).toBe(0)
  const found = [...driver.readTable(topics.priceAnomalies).values()]
  expect(found).toHaveLength(30)
  expect(found[0]).toMatchObject({ price: 90_000_000, rows: 1, rowsOfSku: 1000, median: 10_500.5 })
})

it('what each of many stores sold of the SKUs is read over several callbacks', () => {
  const driver = ofItems(
    45,
    (record, n) => ({ sku: `${record}`, storeId: `${n}`, sales: 10_000 * (record + 1) }),
    (items) => topSkus(skuSales(items))
  )
  driver.rest()
  driver.advanceWallClock(goOnMs)
  // 40,000 of 45,000 are read
  expect(driver.count(candidates.published.name)).toBe(0)
  for (let turn = 0; turn < 20 && driver.count(candidates.waiting.name) > 0; turn++)
    driver.advanceWallClock(goOnMs)
  expect(driver.count(candidates.waiting.name)).toBe(0)
  for (let turn = 0; turn < 20; turn++) driver.rest()
  expect(driver.readTable(topics.topSkus).get('US/999/revenue/1')).toMatchObject({ sku: '44', rows: 1 })
}, 60_000)

it('pairs of large baskets are counted over several callbacks', () => {
  // 50 baskets of 200 SKUs have a million pairs
  const driver = ofItems(
    10,
    (record, n) => ({ invoice: `${5 * record + Math.floor(n / 200)}`, sku: `${n % 200}` }),
    (items) => boughtTogether(items.map((item) => ['US/7', storeSale(item)]))
  )
  driver.rest()
  expect(driver.count(basketPairs.published.name)).toBe(0)
  for (let turn = 0; turn < 10; turn++) driver.advanceWallClock(goOnMs)
  expect(driver.count(basketPairs.waiting.name)).toBe(0)
  const pairs = [...driver.readTable(topics.basketPairs).values()]
  expect(pairs).toHaveLength(100)
  expect(pairs[0]).toMatchObject({ together: 50, withFirst: 50, baskets: 50 })
})

it('the months of many series are read before any is forecast, over several callbacks', () => {
  const input = topic('months', { key: string(), value: json(MonthChange), partitions: 1 })
  const output = topic('projections', { key: string(), value: projectionRows.published.value })
  const driver = new WorkDriver((builder) =>
    builder
      .stream(input)
      .process(projections, {
        stores: [seriesMonthsStore, projectionRows.waiting, projectionRows.published]
      })
      .to(output)
  )
  for (let store = 0; store < 420; store++)
    for (let month = 0; month < 50; month++) {
      const date = new Date(Date.UTC(2020, month)).toISOString().slice(0, 'yyyy-mm'.length)
      const value = { series: `US/stores/${store}/${date}`, sum: { rows: 1, net: 10_000 * month } }
      driver.pipe(input, { key: 'US', value, timestamp: 0 })
    }
  driver.rest()
  expect(driver.read(output)).toHaveLength(0)
  driver.advanceWallClock(goOnMs)
  const told: TestRecord<string, unknown>[] = driver.read(output)
  expect(told.length).toBeGreaterThan(100)
  expect(driver.count(projectionRows.waiting.name)).toBe(1)
}, 60_000)
