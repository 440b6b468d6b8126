import type { Serde } from '../core/serde.ts'
import type { SlidingWindows, TimeWindows, Windowed } from '../core/windows.ts'
import type { Add } from '../processors/aggregate.ts'
import type { KTable, WindowedCogroupedKStream } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { GraphNode } from './graph-node.ts'
import { named } from './named.ts'
import type { CogroupOptions, WindowStoreOptions } from './options.ts'
import { windowedTable } from './windowed-tables.ts'

/** One of the streams of a cogroup. */
export interface CogroupInput<K, A> {
  readonly node: GraphNode
  readonly add: Add<K, unknown, A>
}

export class WindowedCogroupedKStreamImpl<K, A> implements WindowedCogroupedKStream<K, A> {
  readonly #graph: Graph
  readonly #key: Serde<K>
  readonly #inputs: readonly CogroupInput<K, A>[]
  readonly #windows: TimeWindows | SlidingWindows

  constructor(
    graph: Graph,
    key: Serde<K>,
    inputs: readonly CogroupInput<K, A>[],
    windows: TimeWindows | SlidingWindows
  ) {
    this.#graph = graph
    this.#key = key
    this.#inputs = inputs
    this.#windows = windows
  }

  aggregate(options: CogroupOptions<A> & WindowStoreOptions): KTable<Windowed<K>, A> {
    const { initial, value } = named(options, 'aggregate({ name: "hours", ... })')
    const [windows, key, inputs] = [this.#windows, this.#key, this.#inputs]
    return windowedTable(this.#graph, {
      windows,
      options,
      emit: 'onWindowUpdate',
      key,
      value,
      initial,
      inputs
    })
  }
}
