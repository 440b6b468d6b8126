import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import type { ProfitAndLoss } from '../../processors/retail/finance.ts'
import { financeGauges } from '../../sinks/retail/finance-gauges.ts'
import { keptRows } from '../../sinks/retail/kept-rows.ts'
import type { Sink, SinkRecord } from '../../sinks/sink.ts'
import * as topics from '../../topology/retail/topics.ts'
import { RetailDriver } from '../retail/chunks.ts'

const name = topics.profitAndLoss.name

/** The retail graph, and the gauge of what it publishes. */
class Gauges {
  readonly driver = new RetailDriver()
  readonly #registry = new Registry()
  readonly #sink: Sink<string, ProfitAndLoss> = financeGauges('gauges', this.#registry)
  #lines: SinkRecord<string, ProfitAndLoss>[] = []

  async open(): Promise<void> {
    await this.#sink.open(name, 'id', 0)
  }

  rows(days: readonly string[], file: string, more: { sign?: -1; revision?: number } = {}): void {
    const text = days.map((day) => `${day},7,100,c1,0,1,1,0.5\n`).join('')
    this.driver.rows(text, { file: `sku-us/7/${file}.csv`, ...more })
  }

  /** Gross sales, when all that was published is written. */
  async sales(): Promise<number> {
    this.driver.advanceWallClock(3250)
    const place = { topic: name, partition: 0, offset: 0 }
    const lines = this.driver.read(topics.profitAndLoss).map((record) => ({ ...record, ...place }))
    this.#lines.push(...lines)
    await this.#write(lines)
    return this.#shown()
  }

  /** The same after all was read once more from the start. */
  async salesAfterRestart(): Promise<number> {
    await this.open()
    await this.#write(this.#lines)
    return this.#shown()
  }

  lastLine(): ProfitAndLoss {
    return this.#lines.at(-1)?.value as ProfitAndLoss
  }

  /** Writes lines as if they had been published. */
  async publish(lines: readonly ProfitAndLoss[]): Promise<void> {
    const place = { topic: name, partition: 0, offset: 0, timestamp: 0, headers: [] }
    await this.#write(lines.map((value) => ({ ...place, key: `US/7/US/${value.day}`, value })))
  }

  async #write(records: SinkRecord<string, ProfitAndLoss>[]): Promise<void> {
    await this.#sink.write({ topic: name, topicId: 'id', partition: 0, records, first: 0, next: 0 })
  }

  async #shown(): Promise<number> {
    const values = (await this.#registry.getSingleMetric('retail_sales_amount')?.get())?.values ?? []
    return values.reduce((sum, { value }) => sum + value, 0)
  }
}

function daysFrom(first: string, count: number): string[] {
  const day = (i: number) => new Date(Date.parse(first) + i * 86_400_000).toISOString().slice(0, 10)
  return Array.from({ length: count }, (_, i) => day(i))
}

it('shows the sales of the latest 31 days', async () => {
  const gauges = new Gauges()
  await gauges.open()
  gauges.rows(daysFrom('2024-01-01', 60), 'days')
  expect(await gauges.sales()).toBe(31)
  // a day that has not begun is not the latest
  gauges.rows(['2099-05-03'], 'typing-error')
  expect(await gauges.sales()).toBe(31)
})

it.each(['2014-05-03', '2099-05-03'])(
  'a file with a wrong day, %s, is forgotten when it is corrected',
  async (wrong) => {
    const gauges = new Gauges()
    await gauges.open()
    const days = ['2004-05-01', '2004-05-02']
    gauges.rows(days, 'days')
    expect(await gauges.sales()).toBe(2)
    gauges.rows([wrong], 'typing-error')
    await gauges.sales()
    gauges.rows([wrong], 'typing-error', { sign: -1 })
    gauges.rows(['2004-05-03'], 'typing-error', { revision: 2 })
    expect(await gauges.sales()).toBe(3)
    expect(await gauges.salesAfterRestart()).toBe(3)
  }
)

it('of a long past only what may be the latest again is kept', async () => {
  const gauges = new Gauges()
  await gauges.open()
  gauges.rows(['1997-01-02'], 'day')
  expect(await gauges.sales()).toBe(1)
  const line = gauges.lastLine()
  const sold = daysFrom('1980-01-01', 12_000).map((day) => ({ ...line, day }))
  const wrong = daysFrom('2020-01-01', 60).map((day) => ({ ...line, day }))
  const nothing = { ...line.figures, reporting: { ...line.figures.local, gross: 0, margin: 0 } }
  await gauges.publish(sold)
  await gauges.publish(wrong)
  expect(await gauges.sales()).toBe(31)
  await gauges.publish(wrong.map((one) => ({ ...one, rows: 0, figures: nothing })))
  expect(await gauges.sales()).toBe(31)

  const { sink, all } = keptRows<number, number>('kept', Number, (rows) => {
    const highest = Math.max(...rows)
    return (row) => row <= highest - 100
  })
  await sink.open('t', 'id', 0)
  let most = 0
  for (let first = 0; first < 50_000; first += 500) {
    const records = Array.from({ length: 500 }, (_, i) => ({
      ...{ topic: 't', partition: 0, offset: first + i, timestamp: 0, headers: [] },
      ...{ key: String(first + i), value: first + i }
    }))
    await sink.write({ topic: 't', topicId: 'id', partition: 0, records, first, next: first + 500 })
    most = Math.max(most, [...all()].length)
  }
  expect(most).toBeLessThan(10_000)
})
