import { z } from 'zod'
import { json, StreamsBuilder, string, TimeWindows, type Topology, topic } from '../../../index.ts'
import { Line } from './line.ts'
import { parseLine } from './parse-line.ts'
import { add, noTotals, Totals } from './totals.ts'

/*
 * The peer's four workloads, written as a user would write them.
 */

const Sale = z.object({
  storeId: z.string(),
  sku: z.string(),
  country: z.string(),
  qty: z.int(),
  amount: z.number(),
  ts: z.int()
})

export const workloadNames = ['stateless', 'csv', 'aggregate', 'rekey-aggregate'] as const
export type WorkloadName = (typeof workloadNames)[number]

const partitions = 4

/** Told about progress: `input` when a record reaches the topology, `done` when it has had its last step. */
export interface Progress {
  input(): void
  done(): void
}

export function workloadTopology(
  name: WorkloadName,
  input: string,
  output: string,
  progress: Progress
): Topology {
  const builder = new StreamsBuilder()
  switch (name) {
    case 'stateless':
      stateless(builder, input, output, progress)
      break
    case 'csv':
      csv(builder, input, output, progress)
      break
    case 'aggregate':
      aggregate(builder, input, output, progress)
      break
    case 'rekey-aggregate':
      rekeyAggregate(builder, input, output, progress)
  }
  return builder.build()
}

function stateless(builder: StreamsBuilder, input: string, output: string, progress: Progress): void {
  builder
    .stream(topic(input, { key: string(), value: json(Line), partitions }))
    .filter((line) => {
      progress.input()
      progress.done()
      return line.qty > 0
    })
    .mapValues(({ storeId, sku, country, qty, price, ts }) => ({
      storeId,
      sku,
      country,
      qty,
      amount: qty * price,
      ts
    }))
    .to(topic(output, { key: string(), value: json(Sale), partitions }))
}

function csv(builder: StreamsBuilder, input: string, output: string, progress: Progress): void {
  builder
    .stream(topic(input, { key: string(), value: string(), partitions }))
    .mapValues((text) => {
      progress.input()
      progress.done()
      return parseLine(text)
    })
    .filter((line) => line !== null)
    .to(topic(output, { key: string(), value: json(Line), partitions }))
}

function aggregate(builder: StreamsBuilder, input: string, output: string, progress: Progress): void {
  builder
    .stream(topic(input, { key: string(), value: json(Line), partitions }))
    .groupByKey()
    .aggregate({
      name: 'totals',
      initial: noTotals,
      add: (line, totals) => {
        progress.input()
        progress.done()
        return add(line, totals)
      },
      value: json(Totals)
    })
    .toStream()
    .to(topic(output, { key: string(), value: json(Totals), partitions }))
}

const hourMs = 3_600_000

function rekeyAggregate(builder: StreamsBuilder, input: string, output: string, progress: Progress): void {
  builder
    .stream(topic(input, { key: string(), value: json(Line), partitions }))
    .selectKey((line) => {
      progress.input()
      return `${line.country}|${line.sku}`
    })
    .groupByKey({ name: 'by-sku', key: string() })
    // a backlog is read partition by partition, so the repartition topic mixes event times hours apart
    .windowedBy(TimeWindows.ofSizeAndGrace(hourMs, 24 * hourMs))
    .aggregate({
      name: 'hourly',
      initial: noTotals,
      add: (line, totals) => {
        progress.done()
        return add(line, totals)
      },
      value: json(Totals),
      retentionMs: 48 * hourMs
    })
    .toStream()
    .map((totals, window) => [`${window.key}@${window.start}`, totals])
    .to(topic(output, { key: string(), value: json(Totals), partitions }))
}
