import type { Serde } from '../core/serde.ts'
import { integer } from '../core/serdes/integer.ts'
import type { SessionWindows, SlidingWindows, TimeWindows } from '../core/windows.ts'
import { type Add, aggregate } from '../processors/aggregate.ts'
import type { OldValues } from '../processors/operator.ts'
import { reduce } from '../processors/reduce.ts'
import { storeView } from '../processors/table-view.ts'
import { CogroupedKStreamImpl } from './cogrouped-k-stream.ts'
import type {
  CogroupedKStream,
  KGroupedStream,
  KTable,
  SessionWindowedKStream,
  TimeWindowedKStream
} from './dsl.ts'
import type { Graph } from './graph.ts'
import type { Compose } from './graph-node.ts'
import type { GroupedParts } from './grouped-parts.ts'
import type { AggregateOptions, CountOptions, ReduceOptions, StoreOptions } from './options.ts'
import { missingSerde } from './serdes-of.ts'
import { SessionWindowedKStreamImpl } from './session-windowed-k-stream.ts'
import { tellsWhenAsked } from './table-parts.ts'
import { TimeWindowedKStreamImpl } from './time-windowed-k-stream.ts'

export class KGroupedStreamImpl<K, V> implements KGroupedStream<K, V> {
  readonly #graph: Graph
  readonly parts: GroupedParts<K, V>

  constructor(graph: Graph, parts: GroupedParts<K, V>) {
    this.#graph = graph
    this.parts = parts
  }

  aggregate<A>(options: AggregateOptions<K, V, A>): KTable<K, A> {
    const { name, initial, add } = options
    return this.#table(options, options.value, (oldValues) => aggregate(name, initial, add, oldValues))
  }

  count(options: CountOptions): KTable<K, number> {
    return this.aggregate({
      ...options,
      initial: () => 0,
      add: (_value, total: number) => total + 1,
      value: options.value ?? integer()
    })
  }

  reduce(options: ReduceOptions<V>): KTable<K, V> {
    const value = options.value ?? this.parts.value
    if (value === undefined) throw missingSerde(`reduce "${options.name}"`, 'value')
    return this.#table(options, value, (oldValues) => reduce(options.name, options.reducer, oldValues))
  }

  cogroup<A>(add: Add<K, V, A>): CogroupedKStream<K, A> {
    return new CogroupedKStreamImpl<K, A>(this.#graph, this.parts.key, []).cogroup(this, add)
  }

  windowedBy(windows: TimeWindows | SlidingWindows): TimeWindowedKStream<K, V>
  windowedBy(windows: SessionWindows): SessionWindowedKStream<K, V>
  windowedBy(
    windows: TimeWindows | SlidingWindows | SessionWindows
  ): TimeWindowedKStream<K, V> | SessionWindowedKStream<K, V> {
    if (windows.kind === 'session')
      return new SessionWindowedKStreamImpl(this.#graph, this.parts, windows, 'onWindowUpdate')
    return new TimeWindowedKStreamImpl(this.#graph, this.parts, windows, 'onWindowUpdate')
  }

  #table<A>(options: StoreOptions, value: Serde<A>, stepOf: (oldValues: OldValues) => unknown): KTable<K, A> {
    const { name } = options
    const { key, node: parent } = this.parts
    const oldValues = { wanted: false }
    this.#graph.keyValueStore(options, key, value)
    const node = this.#graph.processor('aggregate', [parent], stepOf(oldValues) as Compose, {
      emits: 'table',
      stores: [name]
    })
    return this.#graph.table({
      node,
      key,
      value,
      storeName: name,
      view: storeView(name),
      sendOldValues: tellsWhenAsked(oldValues),
      versioned: false,
      graceMs: undefined
    })
  }
}
