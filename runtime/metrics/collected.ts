import { type Aggregator, Counter, Gauge, type Registry } from 'prom-client'

/** Hands over one value; called for each combination of labels there is. */
export type Report<L extends string> = (value: number, labels?: Readonly<Record<L, string>>) => void

interface Description<L extends string> {
  readonly name: string
  readonly help: string
  readonly labelNames?: readonly L[]
  /** What becomes of the values of several threads. Default `sum`. */
  readonly aggregator?: Aggregator
}

/*
 * Metrics that are asked for their values at each scrape, so that what is counted stays a plain number where it is counted: no look-up by labels on
 * the path of a record.
 */

/** The values must never fall. */
export function collectedCounter<L extends string = never>(
  registry: Registry,
  description: Description<L>,
  read: (report: Report<L>) => void
): void {
  const counter: Counter<L> = new Counter<L>({
    ...description,
    registers: [registry],
    collect: () => {
      counter.reset()
      read((value, labels) => (labels === undefined ? counter.inc(value) : counter.inc(labels, value)))
    }
  })
}

/** What is not reported any more is gone from the next scrape on. */
export function collectedGauge<L extends string = never>(
  registry: Registry,
  description: Description<L>,
  read: (report: Report<L>) => void
): void {
  const gauge: Gauge<L> = new Gauge<L>({
    ...description,
    registers: [registry],
    collect: () => {
      gauge.reset()
      read((value, labels) => (labels === undefined ? gauge.set(value) : gauge.set(labels, value)))
    }
  })
}
