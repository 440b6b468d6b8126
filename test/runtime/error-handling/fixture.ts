import { z } from 'zod'
import { bytes, json, StreamsBuilder, string, topic } from '../../../index.ts'
import { type TestDriverOptions, TopologyTestDriver } from '../../../testing.ts'

export const Sale = z.object({ sku: z.string(), qty: z.int() })
export type Sale = z.infer<typeof Sale>

export const sales = topic('sales', { key: string(), value: json(Sale) })
export const rawSales = topic('sales', { key: bytes(), value: bytes() })
export const out = topic('out', { key: string(), value: json(Sale) })
export const beside = topic('beside', { key: string(), value: json(Sale) })

export const header = { key: 'h', value: Buffer.from('1') }
export const good: Sale = { sku: 's', qty: 1 }

export function driverOf(
  declare: (builder: StreamsBuilder) => void,
  options?: TestDriverOptions
): TopologyTestDriver {
  const builder = new StreamsBuilder()
  declare(builder)
  return new TopologyTestDriver(builder.build(), options)
}

/** Text that is no sale, at offset 0. */
export function pipeRaw(driver: TopologyTestDriver, text: string): void {
  const key = Buffer.from('k')
  driver.pipe(rawSales, { key, value: Buffer.from(text), timestamp: 5, headers: [header] })
}

export function headersOf(driver: TopologyTestDriver): Record<string, string | undefined> {
  const [letter] = driver.deadLetters()
  return Object.fromEntries((letter?.headers ?? []).map(({ key, value }) => [key, value?.toString()]))
}
