import type { Serde } from '../core/serde.ts'
import { integer } from '../core/serdes/integer.ts'
import { aggregateTable, reducing, type TableFold } from '../processors/aggregate-table.ts'
import type { Reducer } from '../processors/reduce.ts'
import type { KGroupedTable, KTable } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { GraphNode } from './graph-node.ts'
import { named } from './named.ts'
import type { AggregateOptions, CountOptions, ReduceOptions, StoreOptions, Subtract } from './options.ts'
import { storedTable } from './store-steps.ts'

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
    const { initial, add, subtract } = named(options, 'aggregate({ name: "totals", ... })')
    return this.#table(options, options.value, {
      first: (value, key) => add(value, initial(), key),
      add,
      subtract
    })
  }

  count(options: CountOptions): KTable<K, number> {
    return this.#table(named(options, 'count({ name: "counts" })'), options.value ?? integer(), {
      first: () => 1,
      add: (_value, total) => total + 1,
      subtract: (_value, total) => total - 1
    })
  }

  reduce(options: ReduceOptions<V> & { readonly subtractor: Reducer<V> }): KTable<K, V> {
    const { reducer, subtractor, value = this.#value } = named(options, 'reduce({ name: "latest", ... })')
    return this.#table(options, value, reducing<K, V>(reducer, subtractor))
  }

  #table<A>(
    options: StoreOptions,
    value: Serde<A>,
    fold: Pick<TableFold<K, V, A>, 'first' | 'add' | 'subtract'>
  ): KTable<K, A> {
    const serdes = { key: this.#key, value }
    return storedTable(this.#graph, 'aggregate', options, serdes, (oldValues) => [
      { parent: this.#node, step: aggregateTable({ ...fold, storeName: options.name, oldValues }) }
    ])
  }
}
