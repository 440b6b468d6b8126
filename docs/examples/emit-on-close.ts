import { integer, type StreamsBuilder, string, TimeWindows, timeWindowed, topic } from '../../index.ts'

const DAY = 86_400_000

/** Cents by store. */
export const sales = topic('sales', { key: string(), value: integer() })
export const storeDays = topic('store-days', { key: timeWindowed(string(), DAY), value: integer() })

/** What each store sold in a day, told once: when event time has left the day and its hour of grace behind. */
export function closedDays(builder: StreamsBuilder): void {
  builder
    .stream(sales)
    .groupByKey()
    .windowedBy(TimeWindows.ofSizeAndGrace(DAY, DAY / 24))
    .emitStrategy('onWindowClose')
    .reduce({ name: 'store-days', reducer: (cents, total) => total + cents })
    .toStream()
    .to(storeDays)
}
