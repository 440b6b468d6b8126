import { integer, type StreamsBuilder, string, topic } from '../../index.ts'

const DAY = 86_400_000

/** Units by SKU. */
export const sold = topic('sold', { key: string(), value: integer() })
/** Cents a unit, by SKU. */
export const prices = topic('prices', { key: string(), value: integer() })
export const turnover = topic('turnover', { key: string(), value: integer() })

/** Sales at the price of their own day, even when they are told a week late: the table keeps 30 days of its past. */
export function turnoverOfTheDay(builder: StreamsBuilder): void {
  const table = builder.table(prices, { name: 'prices', historyRetentionMs: 30 * DAY })
  builder
    .stream(sold)
    .join(table, (units, price) => units * price)
    .to(turnover)
}
