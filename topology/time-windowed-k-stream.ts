import type { Serde } from '../core/serde.ts'
import { integer } from '../core/serdes/integer.ts'
import type { SlidingWindows, TimeWindows, Windowed } from '../core/windows.ts'
import type { Add } from '../processors/aggregate.ts'
import type { KTable, TimeWindowedKStream } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { GroupedParts } from './grouped-parts.ts'
import { named } from './named.ts'
import type {
  AggregateOptions,
  CountOptions,
  EmitStrategy,
  ReduceOptions,
  Side,
  WindowStoreOptions
} from './options.ts'
import { missingSerde } from './serdes-of.ts'
import { windowedTable } from './windowed-tables.ts'

export class TimeWindowedKStreamImpl<K, V, Unknown extends Side = never>
  implements TimeWindowedKStream<K, V, Unknown>
{
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

  emitStrategy(strategy: EmitStrategy): TimeWindowedKStream<K, V, Unknown> {
    return new TimeWindowedKStreamImpl(this.#graph, this.#parts, this.#windows, strategy)
  }

  aggregate<A>(options: AggregateOptions<K, V, A> & WindowStoreOptions): KTable<Windowed<K>, A> {
    const { value, initial, add } = named(options, 'aggregate({ name: "hours", ... })')
    return this.#table(options, value, initial, add)
  }

  count(options: CountOptions & WindowStoreOptions): KTable<Windowed<K>, number> {
    return this.#table(
      named(options, 'count({ name: "hours" })'),
      options.value ?? integer(),
      () => 0,
      (_value, total) => total + 1
    )
  }

  reduce(options: ReduceOptions<V> & WindowStoreOptions): KTable<Windowed<K>, V> {
    const { name, reducer, value = this.#parts.value } = named(options, 'reduce({ name: "hours", ... })')
    if (value === undefined) throw missingSerde(`reduce "${name}"`, 'value')
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
    const { node, key } = this.#parts
    return windowedTable(this.#graph, {
      windows: this.#windows,
      options,
      emit: this.#emit,
      key,
      value,
      initial,
      inputs: [{ node, add: add as Add<K, unknown, A> }]
    })
  }
}
