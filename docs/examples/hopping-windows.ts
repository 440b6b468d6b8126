import { integer, type StreamsBuilder, string, TimeWindows, timeWindowed, topic } from '../../index.ts'

const DAY = 86_400_000

/** Units by SKU. */
export const sold = topic('sold', { key: string(), value: integer() })
export const weeks = topic('weeks', { key: timeWindowed(string(), 7 * DAY), value: integer() })

/** How many units of each SKU were sold in seven days, for weeks that begin each day: every sale is in seven of them. */
export function movingWeeks(builder: StreamsBuilder): void {
  builder
    .stream(sold)
    .groupByKey()
    .windowedBy(TimeWindows.ofSizeWithNoGrace(7 * DAY).advanceBy(DAY))
    .aggregate({ name: 'weeks', initial: () => 0, add: (units, total) => total + units, value: integer() })
    .toStream()
    .to(weeks)
}
