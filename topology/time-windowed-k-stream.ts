import type { Serde } from '../core/serde.ts'
import { integer } from '../core/serdes/integer.ts'
import { timeWindowed } from '../core/serdes/windowed.ts'
import type { TimeWindows, Windowed } from '../core/windows.ts'
import { windowAggregate } from '../processors/window-aggregate.ts'
import type { AggregateOptions, KTable, TimeWindowedKStream, WindowStoreOptions } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { Compose, GraphNode } from './graph-node.ts'
import { KTableImpl } from './k-table.ts'

export class TimeWindowedKStreamImpl<K, V> implements TimeWindowedKStream<K, V> {
  readonly #graph: Graph
  readonly #node: GraphNode
  readonly #key: Serde<K>
  readonly #windows: TimeWindows

  constructor(graph: Graph, node: GraphNode, key: Serde<K>, windows: TimeWindows) {
    this.#graph = graph
    this.#node = node
    this.#key = key
    this.#windows = windows
  }

  aggregate<A>(options: AggregateOptions<K, V, A> & WindowStoreOptions): KTable<Windowed<K>, A> {
    const { name, value } = options
    this.#graph.store({
      kind: 'window',
      name,
      key: this.#key as Serde<unknown>,
      value: value as Serde<unknown>,
      logged: true,
      cached: options.cached ?? true,
      windowSizeMs: this.#windows.sizeMs,
      retentionMs: options.retentionMs ?? this.#windows.sizeMs + this.#windows.graceMs
    })
    const step = windowAggregate(name, this.#windows, options.initial, options.add)
    const node = this.#graph.processor('window-aggregate', [this.#node], step as unknown as Compose, {
      emits: 'table',
      stores: [name]
    })
    return new KTableImpl(this.#graph, node, name, {
      key: timeWindowed(this.#key, this.#windows.sizeMs),
      value
    })
  }

  count(options: WindowStoreOptions): KTable<Windowed<K>, number> {
    return this.aggregate({
      ...options,
      initial: () => 0,
      add: (_value, total: number) => total + 1,
      value: integer()
    })
  }
}
