import type { Registry } from 'prom-client'
import type { SinkProgress } from '../sink-task.ts'
import { collectedCounter, collectedGauge } from './collected.ts'

/** What sink tasks tell Prometheus, by sink; asked for at each scrape. */
export class SinkMetrics {
  readonly #sinks = new Map<string, { progress(): SinkProgress }>()

  constructor(registry: Registry) {
    const counters = [
      ['records_written', 'Records that are in the sink', (p: SinkProgress) => p.written],
      [
        'dead_letters',
        'Records that the sink refused, in the dead-letter topic',
        (p: SinkProgress) => p.rejected
      ],
      [
        'retries',
        'Times that a batch was tried again because the sink was away',
        (p: SinkProgress) => p.retries
      ],
      [
        'write_seconds',
        'Time that writing took over all partitions, waiting for a sink that is away included',
        (p: SinkProgress) => p.writingMs / 1000
      ]
    ] as const
    for (const [name, help, of] of counters)
      collectedCounter(
        registry,
        { name: `streams_sink_${name}_total`, help, labelNames: ['sink'] },
        (report) => {
          for (const [sink, task] of this.#sinks) report(of(task.progress()), { sink })
        }
      )
    const gauges = [
      ['lag_records', 'Records that are not in the sink yet, as the brokers last told', lagOf],
      ['queued_bytes', 'Bytes that were fetched and are not in the sink yet', queuedBytesOf],
      ['up', '0 while a partition waits for the sink: it is away, or has another owner', upOf]
    ] as const
    for (const [name, help, of] of gauges)
      collectedGauge(registry, { name: `streams_sink_${name}`, help, labelNames: ['sink'] }, (report) => {
        for (const [sink, task] of this.#sinks) report(of(task.progress()), { sink })
      })
  }

  /** From now on the sink of that name is told about. */
  watch(sink: string, task: { progress(): SinkProgress }): void {
    this.#sinks.set(sink, task)
  }
}

function lagOf({ partitions }: SinkProgress): number {
  let lag = 0
  for (const partition of partitions.values()) lag += partition.lag ?? 0
  return lag
}

function queuedBytesOf({ partitions }: SinkProgress): number {
  let bytes = 0
  for (const partition of partitions.values()) bytes += partition.queuedBytes
  return bytes
}

function upOf({ partitions }: SinkProgress): number {
  for (const { problem } of partitions.values()) if (problem !== undefined) return 0
  return 1
}
