import type { Serde } from '../core/serde.ts'
import { integer } from '../core/serdes/integer.ts'
import type { SessionWindows, Windowed } from '../core/windows.ts'
import type { Add } from '../processors/aggregate.ts'
import type { KTable, SessionWindowedCogroupedKStream, SessionWindowedKStream } from './dsl.ts'
import type { Graph } from './graph.ts'
import type { GroupedParts } from './grouped-parts.ts'
import { named } from './named.ts'
import type {
  AggregateOptions,
  CogroupOptions,
  CountOptions,
  EmitStrategy,
  ReduceOptions,
  Side,
  WindowStoreOptions
} from './options.ts'
import { missingSerde } from './serdes-of.ts'
import { type SessionTable, sessionTable } from './session-tables.ts'
import type { CogroupInput } from './windowed-cogrouped-k-stream.ts'

type Merge<K, A> = { readonly merge: (a: A, b: A, key: K) => A }

export class SessionWindowedKStreamImpl<K, V, Unknown extends Side = never>
  implements SessionWindowedKStream<K, V, Unknown>
{
  readonly #graph: Graph
  readonly #parts: GroupedParts<K, V>
  readonly #windows: SessionWindows
  readonly #emit: EmitStrategy

  constructor(graph: Graph, parts: GroupedParts<K, V>, windows: SessionWindows, emit: EmitStrategy) {
    this.#graph = graph
    this.#parts = parts
    this.#windows = windows
    this.#emit = emit
  }

  emitStrategy(strategy: EmitStrategy): SessionWindowedKStream<K, V, Unknown> {
    return new SessionWindowedKStreamImpl(this.#graph, this.#parts, this.#windows, strategy)
  }

  aggregate<A>(
    options: AggregateOptions<K, V, A> & WindowStoreOptions & Merge<K, A>
  ): KTable<Windowed<K>, A> {
    const { initial, add, merge, value } = named(options, 'aggregate({ name: "visits", ... })')
    return this.#table<A>(options, add, { initial, merge, value })
  }

  count(options: CountOptions & WindowStoreOptions): KTable<Windowed<K>, number> {
    const { value = integer() } = named(options, 'count({ name: "visits" })')
    return this.#table<number>(options, (_value, total) => total + 1, {
      initial: () => 0,
      merge: (a, b) => a + b,
      value
    })
  }

  reduce(options: ReduceOptions<V> & WindowStoreOptions): KTable<Windowed<K>, V> {
    const { name, reducer, value = this.#parts.value } = named(options, 'reduce({ name: "visits", ... })')
    if (value === undefined) throw missingSerde(`reduce "${name}"`, 'value')
    return this.#table<V>(options, (next, reduced) => (reduced === null ? next : reducer(next, reduced)), {
      initial: () => null as V,
      merge: (a, b) => (a === null ? b : (reducer(b, a) as V)),
      value
    })
  }

  #table<A>(
    options: WindowStoreOptions,
    add: Add<K, V, A>,
    table: Pick<SessionTable<K, A>, 'initial' | 'merge' | 'value'>
  ): KTable<Windowed<K>, A> {
    const { node, key } = this.#parts
    return sessionTable(this.#graph, {
      ...table,
      windows: this.#windows,
      options,
      emit: this.#emit,
      key,
      inputs: [{ node, add: add as Add<K, unknown, A> }]
    })
  }
}

export class SessionWindowedCogroupedKStreamImpl<K, A> implements SessionWindowedCogroupedKStream<K, A> {
  readonly #graph: Graph
  readonly #key: Serde<K>
  readonly #inputs: readonly CogroupInput<K, A>[]
  readonly #windows: SessionWindows

  constructor(graph: Graph, key: Serde<K>, inputs: readonly CogroupInput<K, A>[], windows: SessionWindows) {
    this.#graph = graph
    this.#key = key
    this.#inputs = inputs
    this.#windows = windows
  }

  aggregate(options: CogroupOptions<A> & WindowStoreOptions & Merge<K, A>): KTable<Windowed<K>, A> {
    const { initial, merge, value } = named(options, 'aggregate({ name: "visits", ... })')
    const [windows, key, inputs] = [this.#windows, this.#key, this.#inputs]
    return sessionTable(this.#graph, {
      windows,
      options,
      emit: 'onWindowUpdate',
      key,
      value,
      initial,
      merge,
      inputs
    })
  }
}
