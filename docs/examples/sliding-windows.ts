import { integer, SlidingWindows, type StreamsBuilder, string, topic } from '../../index.ts'

const TEN_MINUTES = 600_000

/** Refunds in cents, by cashier. */
export const refunds = topic('refunds', { key: string(), value: integer() })
export const alarms = topic('alarms', { key: string(), value: integer() })

/** A cashier with three refunds or more within any ten minutes, however they lie on the clock. */
export function refundAlarms(builder: StreamsBuilder): void {
  builder
    .stream(refunds)
    .groupByKey()
    .windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(TEN_MINUTES))
    .count({ name: 'refunds-in-ten-minutes' })
    .toStream((_count, { key }) => key)
    .filter((count) => count !== null && count >= 3)
    .mapValues((count) => count ?? 0)
    .to(alarms)
}
