import type { Serde } from '../core/serde.ts'
import type { SlidingWindows, TimeWindows, Windowed } from '../core/windows.ts'
import type { Add } from '../processors/aggregate.ts'
import { passThrough } from '../processors/pass-through.ts'
import { slidingAggregator } from '../processors/sliding-aggregate.ts'
import { windowAggregator } from '../processors/window-aggregate.ts'
import type { KTable, WindowedCogroupedKStream } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { Compose, GraphNode } from './graph-node.ts'
import type { CogroupOptions, WindowStoreOptions } from './options.ts'
import { tellsWhenAsked } from './table-parts.ts'
import { windowedTable, windowStoreFor } from './windowed-tables.ts'

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
    const windows = this.#windows
    const { name: storeName, initial, value } = options
    const oldValues = { wanted: false }
    windowStoreFor(this.#graph, windows, options, this.#key, value)
    const fold = { storeName, initial, oldValues, onClose: false }
    const stepFor =
      windows.kind === 'time' ? windowAggregator<K, A>(windows, fold) : slidingAggregator<K, A>(windows, fold)
    const nodes = this.#inputs.map(({ node, add }) =>
      this.#graph.processor('cogroup', [node], stepFor(add) as unknown as Compose, {
        emits: 'table',
        stores: [storeName]
      })
    )
    const node = this.#graph.processor('cogroup-merge', nodes, passThrough() as unknown as Compose, {
      emits: 'table'
    })
    return windowedTable(
      this.#graph,
      node,
      windows,
      storeName,
      { key: this.#key, value },
      tellsWhenAsked(oldValues)
    )
  }
}
