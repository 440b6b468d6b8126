import { describe, expect, it } from 'vitest'
import { json, StreamsBuilder, storeOf, string, topic } from '../../index.ts'
import { CurrencyDay, figures, TranslatedDay } from '../../processors/retail/finance.ts'
import { ledgerKey } from '../../processors/retail/ledger-key.ts'
import { RATE_SCALE } from '../../processors/retail/model.ts'
import {
  publishDays,
  publishedDaysStore,
  unpublishedDaysStore
} from '../../processors/retail/publish-days.ts'
import {
  type CurrencyEvent,
  translateDays,
  translatedDaysStore,
  untranslatedDaysStore
} from '../../processors/retail/translate-days.ts'
import { TopologyTestDriver } from '../../testing.ts'
import { exchangeRates } from '../../topology/retail/profit-and-loss.ts'
import * as topics from '../../topology/retail/topics.ts'

const input = topic('days', { key: string(), value: json(CurrencyDay), partitions: 1 })
const dayMs = 86_400_000
const daysPerStore = 1096
const stores = ['1', '2', '3']

/** The end of the daily account: days are translated and published. */
class Days extends TopologyTestDriver {
  constructor(cacheMaxBytes: number | undefined) {
    const builder = new StreamsBuilder()
    const rates = exchangeRates(builder)
    const ratesStore = storeOf(rates, 'versioned')
    builder
      .stream(input)
      .mapValues((day): CurrencyEvent => ({ kind: 'day', day }))
      .merge(rates.toStream().mapValues((rate): CurrencyEvent => ({ kind: 'rate', rate })))
      .process(translateDays('USD', ratesStore), {
        stores: [ratesStore, translatedDaysStore, untranslatedDaysStore]
      })
      .selectKey((day) => ledgerKey(day.country, day.storeId, day.market))
      .repartition({ name: 'by-store-market', key: string(), value: json(TranslatedDay) })
      .process(publishDays('USD'), { stores: [publishedDaysStore, unpublishedDaysStore] })
      .to(topics.profitAndLoss)
    super(builder.build(), cacheMaxBytes === undefined ? {} : { cacheMaxBytes })
  }

  rate(rate: number): void {
    const value = { currency: 'MXN', rate: rate * RATE_SCALE }
    this.pipe(topics.rates, { key: 'MXN', value, timestamp: 0 })
  }

  day(storeId: string, at: number): void {
    const day = new Date(Date.parse('2021-01-01') + at * dayMs).toISOString().slice(0, 10)
    const sold = figures({ gross: 1000 + at, returns: 0, discount: 0, cost: 500, expenses: 0 })
    const place = { country: 'MX', storeId, market: 'MX', day, currency: 'MXN' }
    this.pipe(input, { key: 'MXN', value: { ...place, rows: 1, figures: sold, turn: 0 }, timestamp: 0 })
  }

  /** Lets it tell what waits. Returns how many callbacks that took. */
  settle(): number {
    this.advanceWallClock(250)
    let turns = 0
    for (; this.waits(untranslatedDaysStore.name); turns++) this.advanceWallClock(20)
    this.advanceWallClock(3250)
    for (; this.waits(unpublishedDaysStore.name); turns++) this.advanceWallClock(20)
    return turns
  }

  waits(name: string): boolean {
    for (const _ of this.keyValueStore(name).all()) return true
    return false
  }
}

describe.each([
  ['the part of a cache that a store has', 1_525_201],
  ['a large cache', undefined]
])('with %s', (_, cacheMaxBytes) => {
  it('days that rest at once and a corrected rate are published over several callbacks', () => {
    const driver = new Days(cacheMaxBytes)
    driver.rate(2)
    for (const store of stores) for (let at = 0; at < daysPerStore; at++) driver.day(store, at)
    const lines = (version: number, rate: number) => {
      expect(driver.settle()).toBeGreaterThan(5)
      const told = driver.read(topics.profitAndLoss)
      expect(told).toHaveLength(stores.length * daysPerStore)
      expect(new Set(told.map(({ value }) => value?.version))).toEqual(new Set([version]))
      const table = [...driver.readTable(topics.profitAndLoss).values()]
      expect(table).toHaveLength(told.length)
      for (const { figures: own } of table) expect(own.reporting?.gross).toBe(own.local.gross * rate)
      const year = table.filter(({ storeId, day }) => storeId === '2' && day.startsWith('2022'))
      const sum = year.reduce((all, { figures: own }) => all + own.local.gross * rate, 0)
      expect(year.at(-1)?.yearToDate.reporting?.gross).toBe(sum)
    }
    lines(1, 2)
    driver.rate(3)
    expect(driver.waits(untranslatedDaysStore.name)).toBe(true)
    lines(2, 3)
  }, 60_000)

  it('a rate that is corrected again before it is told everywhere is told from the beginning', () => {
    const driver = new Days(cacheMaxBytes)
    driver.rate(2)
    for (let at = 0; at < daysPerStore; at++) driver.day('1', at)
    driver.rate(3)
    driver.advanceWallClock(250)
    driver.rate(4)
    driver.settle()
    const rates = [...driver.readTable(topics.profitAndLoss).values()].map(({ rate }) => rate)
    expect(rates).toEqual(Array(daysPerStore).fill(4 * RATE_SCALE))
  }, 60_000)
})

it('a store and market with more days than a callback reads is published, and what comes after it', () => {
  const driver = new Days(undefined)
  driver.rate(2)
  const daysOfSixYears = 2192
  for (let at = 0; at < daysOfSixYears; at++) driver.day('1', at)
  driver.day('2', 0)
  driver.advanceWallClock(3500)
  for (let turn = 0; turn < 200 && driver.waits(unpublishedDaysStore.name); turn++)
    driver.advanceWallClock(20)
  expect(driver.waits(unpublishedDaysStore.name)).toBe(false)
  expect(driver.readTable(topics.profitAndLoss).size).toBe(daysOfSixYears + 1)
}, 60_000)
