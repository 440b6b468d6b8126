import type { Serde } from '../core/serde.ts'
import { integer } from '../core/serdes/integer.ts'
import type { SessionWindows, SlidingWindows, TimeWindows } from '../core/windows.ts'
import { type Add, aggregator } from '../processors/aggregate.ts'
import type { OldValues } from '../processors/operator.ts'
import { reduce } from '../processors/reduce.ts'
import { CogroupedKStreamImpl } from './cogrouped-k-stream.ts'
import type {
  CogroupedKStream,
  KGroupedStream,
  KTable,
  SessionWindowedKStream,
  TimeWindowedKStream
} from './dsl.ts'
import type { Graph } from './graph.ts'
import type { GroupedParts } from './grouped-parts.ts'
import { named } from './named.ts'
import type { AggregateOptions, CountOptions, ReduceOptions, Side, StoreOptions } from './options.ts'
import { missingSerde } from './serdes-of.ts'
import { SessionWindowedKStreamImpl } from './session-windowed-k-stream.ts'
import { storedTable } from './store-steps.ts'
import { TimeWindowedKStreamImpl } from './time-windowed-k-stream.ts'

export class KGroupedStreamImpl<K, V, Unknown extends Side = never> implements KGroupedStream<K, V, Unknown> {
  readonly #graph: Graph
  readonly parts: GroupedParts<K, V>

  constructor(graph: Graph, parts: GroupedParts<K, V>) {
    this.#graph = graph
    this.parts = parts
  }

  aggregate<A>(options: AggregateOptions<K, V, A>): KTable<K, A> {
    const { name, initial, add, value } = named(options, 'aggregate({ name: "totals", ... })')
    return this.#table(options, value, (oldValues) => aggregator<K, A>(name, initial, oldValues)(add))
  }

  count(options: CountOptions): KTable<K, number> {
    return this.aggregate({
      ...named(options, 'count({ name: "counts" })'),
      initial: () => 0,
      add: (_value, total: number) => total + 1,
      value: options.value ?? integer()
    })
  }

  reduce(options: ReduceOptions<V>): KTable<K, V> {
    const { name, reducer, value = this.parts.value } = named(options, 'reduce({ name: "latest", ... })')
    if (value === undefined) throw missingSerde(`reduce "${name}"`, 'value')
    return this.#table(options, value, (oldValues) => reduce(name, reducer, oldValues))
  }

  cogroup<A>(add: Add<K, V, A>): CogroupedKStream<K, A> {
    return new CogroupedKStreamImpl<K, A>(this.#graph, this.parts.key, []).cogroup(this, add)
  }

  windowedBy(windows: TimeWindows | SlidingWindows): TimeWindowedKStream<K, V, Unknown>
  windowedBy(windows: SessionWindows): SessionWindowedKStream<K, V, Unknown>
  windowedBy(
    windows: TimeWindows | SlidingWindows | SessionWindows
  ): TimeWindowedKStream<K, V, Unknown> | SessionWindowedKStream<K, V, Unknown> {
    if (windows.kind === 'session')
      return new SessionWindowedKStreamImpl(this.#graph, this.parts, windows, 'onWindowUpdate')
    return new TimeWindowedKStreamImpl(this.#graph, this.parts, windows, 'onWindowUpdate')
  }

  #table<A>(options: StoreOptions, value: Serde<A>, stepOf: (oldValues: OldValues) => unknown): KTable<K, A> {
    const { key, node: parent } = this.parts
    return storedTable(this.#graph, 'aggregate', options, { key, value }, (oldValues) => [
      { parent, step: stepOf(oldValues) }
    ])
  }
}
