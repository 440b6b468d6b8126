import { integer, type StreamsBuilder, string, topic, untilTimeLimit } from '../../index.ts'

const MINUTE = 60_000

/** Units by SKU. */
export const sold = topic('sold', { key: string(), value: integer() })
export const totals = topic('totals', { key: string(), value: integer() })

/** Running totals for a display: of each SKU at most one change a minute, and it is the latest. */
export function calmTotals(builder: StreamsBuilder): void {
  builder
    .stream(sold)
    .groupByKey()
    .reduce({ name: 'totals', reducer: (units, total) => total + units })
    .suppress(untilTimeLimit(MINUTE, { name: 'calm', maxRecords: 10_000 }))
    .toStream()
    .to(totals)
}
