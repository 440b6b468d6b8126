import { createHash } from 'node:crypto'
import { integer, type KafkaStreams, StreamsBuilder, string, type Topology, topic } from '../../index.ts'
import type { MemoryApp } from './memory-app.ts'

const amounts = topic('amounts', { key: string(), value: integer(), partitions: 4 })
export const KEYS = 40

/** A sum per key, in four tasks without a repartition topic. */
export function sumsTopology(): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream(amounts)
    .groupByKey()
    .aggregate({ name: 'sums', initial: () => 0, add: (amount, sum) => sum + amount, value: integer() })
  return builder.build()
}

/** Long, and hard to compress: the few keys of a task fill several blocks of a table. */
function keyOf(n: number): string {
  return createHash('shake256', { outputLength: 500 }).update(`${n}`).digest('hex')
}

/** Adds 1 to every key so many times. */
export function writeAmounts(app: MemoryApp, times: number): Promise<void> {
  const rows = Array.from({ length: times * KEYS }, (_, n) => ({
    key: keyOf(n % KEYS),
    value: 1,
    timestamp: n
  }))
  return app.write(amounts, rows)
}

export function sumsOf(streams: KafkaStreams): number[] {
  return streams
    .keyValueStores<string, number>('sums')
    .flatMap((store) => [...store.all()])
    .map(({ value }) => value)
}
