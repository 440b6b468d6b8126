import { integer, type StreamsBuilder, string, TimeWindows, timeWindowed, topic } from '../../index.ts'

const HOUR = 3_600_000

/** Cents by store. */
export const sales = topic('sales', { key: string(), value: integer() })
export const storeHours = topic('store-hours', { key: timeWindowed(string(), HOUR), value: integer() })

/** What each store sold in each hour. Sales may be told up to ten minutes late. */
export function hourlyTurnover(builder: StreamsBuilder): void {
  builder
    .stream(sales)
    .groupByKey()
    .windowedBy(TimeWindows.ofSizeAndGrace(HOUR, HOUR / 6))
    .reduce({ name: 'store-hours', reducer: (cents, total) => total + cents })
    .toStream()
    .to(storeHours)
}
