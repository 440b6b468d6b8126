import { z } from 'zod'
import { integer, json, StreamsBuilder, string, TimeWindows, type Topology, topic } from '../../index.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
export const partitions = 4

const Amount = z.object({ amount: z.int() })
const Totals = z.object({ count: z.int(), sum: z.int() })

export interface TakeoverTopologyOptions {
  /** Called for each update of a key-value store */
  readonly onUpdate?: () => void
  /** How long windows are kept. Default 48, as in Java; shorter ones take grace away. */
  readonly retentionHours?: number
}

/** The application whose state a Java application takes over, and gives back: see test/peer. Its names and formats are part of it. */
export function takeoverTopology(app: string, options: TakeoverTopologyOptions = {}): Topology {
  const { onUpdate = () => {}, retentionHours = 48 } = options
  const retentionMs = retentionHours * hourMs
  const input = topic(`${app}-input`, { key: string(), value: json(Amount), partitions })
  const output = topic(`${app}-output`, { key: string(), value: json(Totals), partitions })
  const hours = topic(`${app}-output2`, { key: string(), value: json(z.int()), partitions })

  const builder = new StreamsBuilder()
  const amounts = builder.stream(input)
  const byKey = amounts.groupByKey()
  byKey
    .aggregate({
      name: 'totals',
      initial: () => ({ count: 0, sum: 0 }),
      add: ({ amount }, { count, sum }) => {
        onUpdate()
        return { count: count + 1, sum: sum + amount }
      },
      value: json(Totals)
    })
    .toStream()
    .to(output)
  byKey
    .windowedBy(TimeWindows.ofSizeAndGrace(hourMs, Math.min(dayMs, retentionMs - hourMs)))
    .count({ name: 'hourly', retentionMs })
    .toStream()
    .map((count, window) => [`${window.key}@${window.start}`, count])
    .to(hours)
  amounts
    .groupBy(({ amount }) => String(amount % 7), { name: 'by-size', key: string() })
    .aggregate({
      name: 'sizes',
      initial: () => 0,
      add: (_amount, total) => {
        onUpdate()
        return total + 1
      },
      value: integer()
    })
  return builder.build()
}
