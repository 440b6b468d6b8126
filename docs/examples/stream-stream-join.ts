import { integer, JoinWindows, type StreamsBuilder, string, topic } from '../../index.ts'

const DAY = 86_400_000

/** Units, by number of the delivery. */
export const announced = topic('announced', { key: string(), value: integer() })
export const received = topic('received', { key: string(), value: integer() })
export const differences = topic('differences', { key: string(), value: string() })

/** Deliveries that did not bring what was announced: within a day of each other both must have been told. */
export function deliveryDifferences(builder: StreamsBuilder): void {
  builder
    .stream(announced)
    .outerJoin(
      builder.stream(received),
      (expected, found) => ({ expected: expected ?? 0, found: found ?? 0 }),
      { name: 'deliveries', windows: JoinWindows.ofTimeDifferenceWithNoGrace(DAY) }
    )
    .filter(({ expected, found }) => expected !== found)
    .mapValues(({ expected, found }) => `${found} of ${expected}`)
    .to(differences)
}
