import { z } from 'zod'
import {
  integer,
  json,
  StreamsBuilder,
  string,
  TimeWindows,
  type Topology,
  timeWindowed,
  topic
} from '../../index.ts'

/** The graph that the tests of the runtime run: totals per key over a repartition topic, and counts per key and window. */
export function totalsGraph(prefix: string) {
  const Line = z.object({ store: z.string(), cents: z.int() })
  const lines = topic(`${prefix}-lines`, { key: string(), value: json(Line) })
  const totals = topic(`${prefix}-totals`, { key: string(), value: integer() })
  const counts = topic(`${prefix}-counts`, { key: timeWindowed(string(), 1000), value: integer() })

  function topology(): Topology {
    const builder = new StreamsBuilder()
    const byStore = builder.stream(lines).groupBy((line) => line.store, { name: 'by-store', key: string() })
    byStore
      .aggregate({ name: 'totals', initial: () => 0, add: (line, sum) => sum + line.cents, value: integer() })
      .toStream()
      .to(totals)
    byStore
      .windowedBy(TimeWindows.ofSizeAndGrace(1000, 1_000_000))
      .count({ name: 'counts' })
      .toStream()
      .to(counts)
    return builder.build()
  }

  return { lines, totals, counts, topology }
}
