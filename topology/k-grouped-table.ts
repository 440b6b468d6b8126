import type { Serde } from '../core/serde.ts'
import { integer } from '../core/serdes/integer.ts'
import { aggregateTable, reducing, type TableFold } from '../processors/aggregate-table.ts'
import type { Reducer } from '../processors/reduce.ts'
import { storeView } from '../processors/table-view.ts'
import type { KGroupedTable, KTable } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { Compose, GraphNode } from './graph-node.ts'
import type { AggregateOptions, CountOptions, ReduceOptions, StoreOptions, Subtract } from './options.ts'
import { tellsWhenAsked } from './table-parts.ts'

export class KGroupedTableImpl<K, V> implements KGroupedTable<K, V> {
  readonly #graph: Graph
  readonly #node: GraphNode
  readonly #key: Serde<K>
  readonly #value: Serde<V>

  constructor(graph: Graph, node: GraphNode, serdes: { readonly key: Serde<K>; readonly value: Serde<V> }) {
    this.#graph = graph
    this.#node = node
    this.#key = serdes.key
    this.#value = serdes.value
  }

  aggregate<A>(options: AggregateOptions<K, V, A> & Subtract<K, V, A>): KTable<K, A> {
    const { initial, add, subtract } = options
    return this.#table(options, options.value, {
      first: (value, key) => add(value, initial(), key),
      add,
      subtract
    })
  }

  count(options: CountOptions): KTable<K, number> {
    return this.#table(options, options.value ?? integer(), {
      first: () => 1,
      add: (_value, total) => total + 1,
      subtract: (_value, total) => total - 1
    })
  }

  reduce(options: ReduceOptions<V> & { readonly subtractor: Reducer<V> }): KTable<K, V> {
    return this.#table(
      options,
      options.value ?? this.#value,
      reducing<K, V>(options.reducer, options.subtractor)
    )
  }

  #table<A>(
    options: StoreOptions,
    value: Serde<A>,
    fold: Pick<TableFold<K, V, A>, 'first' | 'add' | 'subtract'>
  ): KTable<K, A> {
    const storeName = options.name
    const oldValues = { wanted: false }
    this.#graph.keyValueStore(options, this.#key, value)
    const step = aggregateTable({ ...fold, storeName, oldValues })
    const node = this.#graph.processor('aggregate', [this.#node], step as unknown as Compose, {
      emits: 'table',
      stores: [storeName]
    })
    return this.#graph.table({
      node,
      key: this.#key,
      value,
      storeName,
      view: storeView(storeName),
      sendOldValues: tellsWhenAsked(oldValues),
      versioned: false,
      graceMs: undefined
    })
  }
}
