import { AggregatorRegistry, type MetricObject, Registry } from 'prom-client'

/** The metrics of several registries on one page. Their labels tell them apart; what they share all the same is added up. */
export async function mergedMetrics(
  registries: readonly Registry[]
): Promise<{ readonly text: string; readonly contentType: string }> {
  const all: MetricObject[][] = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))
  const merged = AggregatorRegistry.aggregate(all)
  return { text: await merged.metrics(), contentType: Registry.PROMETHEUS_CONTENT_TYPE }
}
