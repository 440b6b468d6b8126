import { AggregatorRegistry, type MetricObject, Registry } from 'prom-client'

/** The metrics of several registries on one page. Their labels tell them apart; what they share all the same is added up. */
export async function mergedMetrics(
  registries: readonly Registry[]
): Promise<{ readonly text: string; readonly contentType: string }> {
  const all: MetricObject[][] = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))
  const merged = AggregatorRegistry.aggregate(all.map((metrics) => metrics.map(kept)))
  return { text: await merged.metrics(), contentType: Registry.PROMETHEUS_CONTENT_TYPE }
}

/** What makes no sense added up, such as when a process was started, is left out unless told otherwise; here all registries are of one process. */
function kept(metric: MetricObject): MetricObject {
  return metric.aggregator === 'omit' ? { ...metric, aggregator: 'first' } : metric
}
