import type { Serde } from '../core/serde.ts'
import type { SessionWindows, SlidingWindows, TimeWindows } from '../core/windows.ts'
import { type Add, aggregator } from '../processors/aggregate.ts'
import type {
  CogroupedKStream,
  KGroupedStream,
  KTable,
  SessionWindowedCogroupedKStream,
  WindowedCogroupedKStream
} from './dsl.ts'
import type { Graph } from './graph.ts'
import { groupedPartsOf } from './grouped-parts.ts'
import { named } from './named.ts'
import type { CogroupOptions, Side } from './options.ts'
import { SessionWindowedCogroupedKStreamImpl } from './session-windowed-k-stream.ts'
import { storedTable } from './store-steps.ts'
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

  cogroup<V, Unknown extends Side>(
    grouped: KGroupedStream<K, V, Unknown>,
    add: Add<K, V, A>
  ): CogroupedKStream<K, A> {
    const input: CogroupInput<K, A> = { node: groupedPartsOf(grouped).node, add: add as Add<K, unknown, A> }
    return new CogroupedKStreamImpl(this.#graph, this.#key, [...this.#inputs, input])
  }

  aggregate(options: CogroupOptions<A>): KTable<K, A> {
    const { name, initial, value } = named(options, 'aggregate({ name: "totals", ... })')
    const serdes = { key: this.#key, value }
    return storedTable(this.#graph, 'cogroup', options, serdes, (oldValues) => {
      const stepFor = aggregator<K, A>(name, initial, oldValues)
      return this.#inputs.map(({ node, add }) => ({ parent: node, step: stepFor(add) }))
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
