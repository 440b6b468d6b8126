import { AggregatorRegistry, Registry } from 'prom-client'

/** What a registry held at some moment; plain data, for other threads. */
export type MetricsCopy = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** A registry that, when it is read, adds up what the registries of other threads hold beside its own. */
export class JoinedRegistry extends Registry {
  #common: Readonly<Record<string, string>> = {}
  #others: () => Promise<readonly MetricsCopy[]> = async () => []

  /** Asked for at each scrape. */
  join(others: () => Promise<readonly MetricsCopy[]>): void {
    this.#others = others
  }

  override setDefaultLabels(labels: Record<string, string>): void {
    super.setDefaultLabels(labels)
    this.#common = labels
  }

  override async getMetricsAsJSON(): Promise<MetricsCopy> {
    const [own, others] = await Promise.all([super.getMetricsAsJSON(), this.#others()])
    return others.length === 0 ? own : await AggregatorRegistry.aggregate([own, ...others]).getMetricsAsJSON()
  }

  /** Some metrics alone: nobody else's are collected on this thread. What it does not have is left out. */
  async some(names: readonly string[]): Promise<MetricsCopy> {
    const wanted = new Set(names)
    const [own, others] = await Promise.all([
      Promise.all(names.flatMap((name) => this.getSingleMetric(name)?.get() ?? [])),
      this.#others()
    ])
    if (others.length === 0) return own
    // as the others' have them: what differs in its labels is not added up
    const mine = own.map((metric) => ({
      ...metric,
      values: metric.values.map((one) => ({ ...one, labels: { ...this.#common, ...one.labels } }))
    }))
    const theirs = others.map((copy) => copy.filter(({ name }) => wanted.has(name)))
    return await AggregatorRegistry.aggregate([mine, ...theirs]).getMetricsAsJSON()
  }

  override async metrics(): Promise<string> {
    return await AggregatorRegistry.aggregate([await this.getMetricsAsJSON()]).metrics()
  }
}
