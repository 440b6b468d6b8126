import type { Serde } from '../core/serde.ts'
import type { SessionWindows, SlidingWindows, TimeWindows } from '../core/windows.ts'
import { type Add, aggregator } from '../processors/aggregate.ts'
import { passThrough } from '../processors/pass-through.ts'
import { storeView } from '../processors/table-view.ts'
import type {
  CogroupedKStream,
  KGroupedStream,
  KTable,
  SessionWindowedCogroupedKStream,
  WindowedCogroupedKStream
} from './dsl.ts'
import type { Graph } from './graph.ts'
import type { Compose, GraphNode } from './graph-node.ts'
import { groupedPartsOf } from './grouped-parts.ts'
import type { CogroupOptions } from './options.ts'
import { SessionWindowedCogroupedKStreamImpl } from './session-windowed-k-stream.ts'
import { tellsWhenAsked } from './table-parts.ts'
import { type CogroupInput, WindowedCogroupedKStreamImpl } from './windowed-cogrouped-k-stream.ts'

export class CogroupedKStreamImpl<K, A> implements CogroupedKStream<K, A> {
  readonly #graph: Graph
  readonly #key: Serde<K>
  readonly #inputs: readonly CogroupInput<K, A>[]

  constructor(graph: Graph, key: Serde<K>, inputs: readonly CogroupInput<K, A>[]) {
    this.#graph = graph
    this.#key = key
    this.#inputs = inputs
  }

  cogroup<V>(grouped: KGroupedStream<K, V>, add: Add<K, V, A>): CogroupedKStream<K, A> {
    const input: CogroupInput<K, A> = { node: groupedPartsOf(grouped).node, add: add as Add<K, unknown, A> }
    return new CogroupedKStreamImpl(this.#graph, this.#key, [...this.#inputs, input])
  }

  aggregate(options: CogroupOptions<A>): KTable<K, A> {
    const { name, initial, value } = options
    const oldValues = { wanted: false }
    this.#graph.keyValueStore(options, this.#key, value)
    const stepFor = aggregator<K, A>(name, initial, oldValues)
    const nodes: GraphNode[] = this.#inputs.map(({ node, add }) =>
      this.#graph.processor('cogroup', [node], stepFor(add) as unknown as Compose, {
        emits: 'table',
        stores: [name]
      })
    )
    const node = this.#graph.processor('cogroup-merge', nodes, passThrough() as unknown as Compose, {
      emits: 'table'
    })
    return this.#graph.table({
      node,
      key: this.#key,
      value,
      storeName: name,
      view: storeView(name),
      sendOldValues: tellsWhenAsked(oldValues),
      versioned: false,
      graceMs: undefined
    })
  }

  windowedBy(windows: TimeWindows | SlidingWindows): WindowedCogroupedKStream<K, A>
  windowedBy(windows: SessionWindows): SessionWindowedCogroupedKStream<K, A>
  windowedBy(
    windows: TimeWindows | SlidingWindows | SessionWindows
  ): WindowedCogroupedKStream<K, A> | SessionWindowedCogroupedKStream<K, A> {
    if (windows.kind === 'session')
      return new SessionWindowedCogroupedKStreamImpl(this.#graph, this.#key, this.#inputs, windows)
    return new WindowedCogroupedKStreamImpl(this.#graph, this.#key, this.#inputs, windows)
  }
}
