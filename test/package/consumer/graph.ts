import { integer, StreamsBuilder, type StreamThreadSetup, string, type Topology, topic } from 'store-sku'

const visitTopic = (prefix: string) =>
  topic(`${prefix}visits`, { key: string(), value: string(), partitions: 2 })
const countTopic = (prefix: string) =>
  topic(`${prefix}visit-counts`, { key: string(), value: integer(), partitions: 2 })

export const topicsOf = (prefix: string) => ({ visits: visitTopic(prefix), counts: countTopic(prefix) })

/** Counts visits by page, over a repartition topic and a store. */
export function visitGraph(prefix: string): Topology {
  const { visits, counts } = topicsOf(prefix)
  const builder = new StreamsBuilder()
  builder
    .stream(visits)
    .groupBy((page) => page, { name: 'by-page', key: string() })
    .aggregate({ name: 'visit-counts', initial: () => 0, add: (_page, count) => count + 1, value: integer() })
    .toStream()
    .to(counts)
  return builder.build()
}

/** What worker threads call. */
export function streamThread(prefix: string): StreamThreadSetup {
  return { topology: visitGraph(prefix) }
}
