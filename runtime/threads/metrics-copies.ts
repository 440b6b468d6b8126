import { AggregatorRegistry } from 'prom-client'
import type { MetricsCopy } from './joined-registry.ts'

/**
 * What the registries of other threads hold, as they told last: of those that live all of it; of those that have ended what they counted, for
 * counters must not fall.
 */
export class MetricsCopies {
  readonly #living = new Map<object, MetricsCopy>()
  #past: MetricsCopy = []

  began(thread: object): void {
    this.#living.set(thread, [])
  }

  heard(thread: object, copy: MetricsCopy): void {
    // what one said that has ended would be counted twice
    if (this.#living.has(thread)) this.#living.set(thread, copy)
  }

  ended(thread: object): void {
    const last = this.#living.get(thread) ?? []
    this.#living.delete(thread)
    const counted = last.filter(({ type }) => String(type) !== 'gauge')
    const sums = AggregatorRegistry.aggregate([this.#past, counted])
    // an aggregated registry's metrics hold their values
    this.#past = sums.getMetricsAsArray() as unknown as MetricsCopy
  }

  /** One after the other. */
  all(): readonly MetricsCopy[] {
    return [this.#past, ...this.#living.values()]
  }
}
