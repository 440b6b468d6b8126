import type { Serde } from '../core/serde.ts'
import { integer } from '../core/serdes/integer.ts'
import type { SlidingWindows, TimeWindows, Windowed } from '../core/windows.ts'
import type { Add } from '../processors/aggregate.ts'
import { slidingAggregate } from '../processors/sliding-aggregate.ts'
import { windowAggregate } from '../processors/window-aggregate.ts'
import type { KTable, TimeWindowedKStream } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { Compose } from './graph-node.ts'
import type { GroupedParts } from './grouped-parts.ts'
import type {
  AggregateOptions,
  CountOptions,
  EmitStrategy,
  ReduceOptions,
  WindowStoreOptions
} from './options.ts'
import { missingSerde } from './serdes-of.ts'
import { tellsWhenAsked } from './table-parts.ts'
import { windowedTable, windowStoreFor } from './windowed-tables.ts'

export class TimeWindowedKStreamImpl<K, V> implements TimeWindowedKStream<K, V> {
  readonly #graph: Graph
  readonly #parts: GroupedParts<K, V>
  readonly #windows: TimeWindows | SlidingWindows
  readonly #emit: EmitStrategy

  constructor(
    graph: Graph,
    parts: GroupedParts<K, V>,
    windows: TimeWindows | SlidingWindows,
    emit: EmitStrategy
  ) {
    this.#graph = graph
    this.#parts = parts
    this.#windows = windows
    this.#emit = emit
  }

  emitStrategy(strategy: EmitStrategy): TimeWindowedKStream<K, V> {
    return new TimeWindowedKStreamImpl(this.#graph, this.#parts, this.#windows, strategy)
  }

  aggregate<A>(options: AggregateOptions<K, V, A> & WindowStoreOptions): KTable<Windowed<K>, A> {
    return this.#table(options, options.value, options.initial, options.add)
  }

  count(options: CountOptions & WindowStoreOptions): KTable<Windowed<K>, number> {
    return this.#table(
      options,
      options.value ?? integer(),
      () => 0,
      (_value, total) => total + 1
    )
  }

  reduce(options: ReduceOptions<V> & WindowStoreOptions): KTable<Windowed<K>, V> {
    const { reducer } = options
    const value = options.value ?? this.#parts.value
    if (value === undefined) throw missingSerde(`reduce "${options.name}"`, 'value')
    return this.#table<V>(
      options,
      value,
      // absent before the first value, which is then kept as it is
      () => null as V,
      (next, reduced) => (reduced === null ? next : reducer(next, reduced))
    )
  }

  #table<A>(
    options: WindowStoreOptions,
    value: Serde<A>,
    initial: () => A,
    add: Add<K, V, A>
  ): KTable<Windowed<K>, A> {
    const windows = this.#windows
    const storeName = options.name
    const { key, node: parent } = this.#parts
    const oldValues = { wanted: false }
    windowStoreFor(this.#graph, windows, options, key, value)
    const fold = { storeName, initial, add, oldValues, onClose: this.#emit === 'onWindowClose' }
    const step = windows.kind === 'time' ? windowAggregate(windows, fold) : slidingAggregate(windows, fold)
    const node = this.#graph.processor('window-aggregate', [parent], step as unknown as Compose, {
      emits: 'table',
      stores: [storeName]
    })
    return windowedTable(this.#graph, node, windows, storeName, { key, value }, tellsWhenAsked(oldValues))
  }
}
