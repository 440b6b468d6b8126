import { StreamsError } from '../core/errors.ts'
import type { Serde } from '../core/serde.ts'
import { integer } from '../core/serdes/integer.ts'
import type { TimeWindows } from '../core/windows.ts'
import { aggregate } from '../processors/aggregate.ts'
import { type Reducer, reduce } from '../processors/reduce.ts'
import type { AggregateOptions, KGroupedStream, KTable, StoreOptions, TimeWindowedKStream } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { Compose, GraphNode } from './graph-node.ts'
import { KTableImpl } from './k-table.ts'
import { TimeWindowedKStreamImpl } from './time-windowed-k-stream.ts'

export class KGroupedStreamImpl<K, V> implements KGroupedStream<K, V> {
  readonly #graph: Graph
  readonly #node: GraphNode
  readonly #key: Serde<K>
  readonly #value: Serde<V> | undefined

  constructor(graph: Graph, node: GraphNode, serdes: { key: Serde<K>; value: Serde<V> | undefined }) {
    this.#graph = graph
    this.#node = node
    this.#key = serdes.key
    this.#value = serdes.value
  }

  aggregate<A>(options: AggregateOptions<K, V, A>): KTable<K, A> {
    return this.#table(options, options.value, aggregate(options.name, options.initial, options.add))
  }

  count(options: StoreOptions): KTable<K, number> {
    return this.#table(
      options,
      integer(),
      aggregate<K, V, number>(
        options.name,
        () => 0,
        (_value, total) => total + 1
      )
    )
  }

  reduce(options: StoreOptions & { readonly reducer: Reducer<V>; readonly value?: Serde<V> }): KTable<K, V> {
    const value = options.value ?? this.#value
    if (value === undefined)
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        `reduce "${options.name}" needs the value's serde: add value: json(schema)`
      )
    return this.#table(options, value, reduce(options.name, options.reducer))
  }

  windowedBy(windows: TimeWindows): TimeWindowedKStream<K, V> {
    return new TimeWindowedKStreamImpl(this.#graph, this.#node, this.#key, windows)
  }

  #table<A>(options: StoreOptions, value: Serde<A>, step: unknown): KTable<K, A> {
    const { name } = options
    this.#graph.store({
      kind: 'key-value',
      name,
      key: this.#key as Serde<unknown>,
      value: value as Serde<unknown>,
      logged: true,
      cached: options.cached ?? true
    })
    const node = this.#graph.processor('aggregate', [this.#node], step as Compose, {
      emits: 'table',
      stores: [name]
    })
    return new KTableImpl(this.#graph, node, name, { key: this.#key, value })
  }
}
