import { AggregatorRegistry, Registry } from 'prom-client'

/** What a registry held at some moment; plain data, for other threads. */
export type MetricsCopy = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** A registry that, when it is read, adds up what the registries of other threads hold beside its own. */
export class JoinedRegistry extends Registry {
  #others: () => Promise<readonly MetricsCopy[]> = async () => []

  /** Asked for at each scrape. */
  join(others: () => Promise<readonly MetricsCopy[]>): void {
    this.#others = others
  }

  override async metrics(): Promise<string> {
    const others = await this.#others()
    if (others.length === 0) return await super.metrics()
    const own = await super.getMetricsAsJSON()
    return await AggregatorRegistry.aggregate([own, ...others]).metrics()
  }
}
