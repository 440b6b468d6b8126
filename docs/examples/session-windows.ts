import { integer, SessionWindows, type StreamsBuilder, sessionWindowed, string, topic } from '../../index.ts'

const HOUR = 3_600_000

/** Cents, by the customer's card. */
export const purchases = topic('purchases', { key: string(), value: integer() })
export const visits = topic('visits', { key: sessionWindowed(string()), value: integer() })

/** What a customer spends at one visit: purchases with no more than half an hour between them, told up to an hour late. */
export function shopVisits(builder: StreamsBuilder): void {
  builder
    .stream(purchases)
    .groupByKey()
    .windowedBy(SessionWindows.ofInactivityGapAndGrace(HOUR / 2, HOUR))
    .aggregate({
      name: 'visits',
      initial: () => 0,
      add: (cents, spent) => spent + cents,
      // a purchase that was missing can make two visits one
      merge: (earlier, later) => earlier + later,
      value: integer()
    })
    .toStream()
    .to(visits)
}
