import type { Metric, Registry } from 'prom-client'

/** A histogram kept elsewhere in plain numbers. */
export interface Buckets<L extends string> {
  readonly labels: Readonly<Record<L, string>>
  /** By bucket, not added up; one more than there are upper bounds. */
  readonly counts: ArrayLike<number>
  readonly sum: number
}

/** Shows histograms whose counts are kept in plain numbers; `prom-client`'s own looks its labels up at each observation. */
export function collectedHistogram<L extends string>(
  registry: Registry,
  description: {
    readonly name: string
    readonly help: string
    readonly labelNames: readonly L[]
    readonly upperBounds: readonly number[]
  },
  read: () => Iterable<Buckets<L>>
): void {
  const { name, help, labelNames, upperBounds } = description
  const get = async () => {
    const values: { metricName: string; labels: Record<string, string | number>; value: number }[] = []
    for (const { labels, counts, sum } of read()) {
      let count = 0
      for (let i = 0; i < counts.length; i++) {
        count += counts[i] as number
        const le = upperBounds[i] ?? '+Inf'
        values.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: count })
      }
      values.push({ metricName: `${name}_sum`, labels: { ...labels }, value: sum })
      values.push({ metricName: `${name}_count`, labels: { ...labels }, value: count })
    }
    return { name, help, type: 'histogram', values, aggregator: 'sum' }
  }
  // the registry asks for no more than this of a metric
  registry.registerMetric({ name, help, labelNames, type: 'histogram', get } as unknown as Metric)
}
