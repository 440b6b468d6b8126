import type { Serde } from '../core/serde.ts'
import type { Topic } from '../core/topic.ts'
import { chooseTopic } from '../processors/choose-topic.ts'
import { filter } from '../processors/filter.ts'
import { flatMap } from '../processors/flat-map.ts'
import { flatMapValues } from '../processors/flat-map-values.ts'
import { globalTableJoin } from '../processors/global-table-join.ts'
import { map } from '../processors/map.ts'
import { mapValues } from '../processors/map-values.ts'
import type { Operator } from '../processors/operator.ts'
import { passThrough } from '../processors/pass-through.ts'
import { peek } from '../processors/peek.ts'
import { type Processor, process } from '../processors/process.ts'
import { type FixedKeyProcessor, processValues } from '../processors/process-values.ts'
import { selectKey } from '../processors/select-key.ts'
import { BranchedKStreamImpl } from './branched-k-stream.ts'
import type { BranchedKStream, KGroupedStream, KStream, KTable } from './dsl.ts'
import { type GlobalKTable, isGlobal } from './global-k-table.ts'
import type { Graph } from './graph.ts'
import type { Compose, GraphNode, SinkNode } from './graph-node.ts'
import { KGroupedStreamImpl } from './k-grouped-stream.ts'
import { named } from './named.ts'
import type {
  GraceJoinOptions,
  ProcessOptions,
  RepartitionOptions,
  Side,
  StoreOptions,
  StreamJoinOptions
} from './options.ts'
import { declareStreamJoin } from './stream-joins.ts'
import {
  declareGroup,
  declareJoinSide,
  declareRepartition,
  declareToTable,
  mustHaveItsKey,
  type StreamParts
} from './stream-keys.ts'
import { declareStreamTableJoin } from './stream-table-joins.ts'
import { partsOf } from './table-parts.ts'

export class KStreamImpl<K, V, Unknown extends Side = never> implements KStream<K, V, Unknown> {
  readonly #graph: Graph
  readonly parts: StreamParts<K, V>

  constructor(graph: Graph, parts: StreamParts<K, V>) {
    this.#graph = graph
    this.parts = parts
  }

  filter<S extends V>(predicate: (value: V, key: K) => value is S): KStream<K, S, Unknown>
  filter(predicate: (value: V, key: K) => boolean): KStream<K, V, Unknown>
  filter(predicate: (value: V, key: K) => boolean): KStream<K, V, Unknown> {
    return this.#step('filter', filter(predicate), this.parts)
  }

  filterNot(predicate: (value: V, key: K) => boolean): KStream<K, V, Unknown> {
    const keep = filter<K, V>((value, key) => !predicate(value, key))
    return this.#step('filter-not', keep, this.parts)
  }

  map<KOut, VOut>(mapper: (value: V, key: K) => readonly [KOut, VOut]): KStream<KOut, VOut, Side> {
    return this.#step('map', map(mapper), newKey())
  }

  mapValues<VOut>(mapper: (value: V, key: K) => VOut): KStream<K, VOut, Unknown | 'value'> {
    return this.#step('map-values', mapValues(mapper), this.#newValue())
  }

  flatMap<KOut, VOut>(
    mapper: (value: V, key: K) => Iterable<readonly [KOut, VOut]>
  ): KStream<KOut, VOut, Side> {
    return this.#step('flat-map', flatMap(mapper), newKey())
  }

  flatMapValues<VOut>(mapper: (value: V, key: K) => Iterable<VOut>): KStream<K, VOut, Unknown | 'value'> {
    return this.#step('flat-map-values', flatMapValues(mapper), this.#newValue())
  }

  peek(action: (value: V, key: K) => void): KStream<K, V, Unknown> {
    return this.#step('peek', peek(action), this.parts)
  }

  foreach(action: (value: V, key: K) => void): void {
    this.#step('foreach', peek(action), this.parts)
  }

  split(): BranchedKStream<K, V, never, Unknown> {
    return new BranchedKStreamImpl<K, V, never, Unknown>(this.#graph, this.parts, [])
  }

  selectKey<KOut>(selector: (value: V, key: K) => KOut): KStream<KOut, V, Unknown | 'key'> {
    const serdes = { key: undefined, value: this.parts.serdes.value }
    return this.#step('select-key', selectKey(selector), { serdes, rekeyed: true })
  }

  merge<Other extends Side>(other: KStream<K, V, Other>): KStream<K, V, Unknown | Other> {
    const { parts } = inner(other)
    const both = [this.parts.node, parts.node]
    const node = this.#graph.processor('merge', both, passThrough() as unknown as Compose)
    const rekeyed = this.parts.rekeyed || parts.rekeyed
    return new KStreamImpl(this.#graph, { node, serdes: this.parts.serdes, rekeyed })
  }

  process<KOut, VOut>(
    make: () => Processor<K, V, KOut, VOut>,
    options: ProcessOptions = {}
  ): KStream<KOut, VOut, Side> {
    const stores = this.#graph.usedStores(options.stores)
    return this.#step('process', process(make, stores), newKey(), stores)
  }

  processValues<VOut>(
    make: () => FixedKeyProcessor<K, V, VOut>,
    options: ProcessOptions = {}
  ): KStream<K, VOut, Unknown | 'value'> {
    const stores = this.#graph.usedStores(options.stores)
    return this.#step('process-values', processValues(make, stores), this.#newValue(), stores)
  }

  repartition(options: RepartitionOptions<K, V>): KStream<K, V> {
    const { node, ...serdes } = declareRepartition(this.#graph, this.parts, options, false)
    return new KStreamImpl(this.#graph, { node, serdes, rekeyed: false })
  }

  groupBy<KOut>(
    selector: (value: V, key: K) => KOut,
    options: RepartitionOptions<NonNullable<KOut>, V>
  ): KGroupedStream<NonNullable<KOut>, V> {
    const { name: anchor } = named(options, 'groupBy(selector, { name: "by-sku", key: string() })')
    // records that are given no key are dropped before the repartition topic
    const step = selectKey(selector as (value: V, key: K) => NonNullable<KOut>)
    const { node: parent, serdes } = this.parts
    const node = this.#graph.processor('select-key', [parent], step as unknown as Compose, { anchor })
    const rekeyed = { node, serdes: { key: undefined, value: serdes.value }, rekeyed: true }
    return new KGroupedStreamImpl(this.#graph, declareGroup(this.#graph, rekeyed, options))
  }

  groupByKey(
    options: Partial<RepartitionOptions<K, V>> = {}
  ): KGroupedStream<K, V, 'key' extends Unknown ? never : Unknown> {
    return new KGroupedStreamImpl(this.#graph, declareGroup(this.#graph, this.parts, options))
  }

  toTable(options: StoreOptions & { readonly key?: Serde<K>; readonly value?: Serde<V> }): KTable<K, V> {
    return declareToTable(this.#graph, this.parts, options)
  }

  join<R, VOut, Other extends Side>(
    other: KStream<K, R, Other>,
    joiner: (value: V, other: R, key: K) => VOut,
    options: StreamJoinOptions<K, V, R>
  ): KStream<K, VOut, 'value'>
  join<T, VOut>(
    table: KTable<K, T>,
    joiner: (value: V, tableValue: T, key: K) => VOut,
    options?: GraceJoinOptions<V>
  ): KStream<K, VOut, Unknown | 'value'>
  join<GK, T, VOut>(
    table: GlobalKTable<GK, T>,
    selector: (value: V, key: K) => GK | null,
    joiner: (value: V, tableValue: T, key: K) => VOut
  ): KStream<K, VOut, Unknown | 'value'>
  join(other: object, joiner: unknown, options?: unknown): unknown {
    return this.#joinWith('inner', other, joiner, options)
  }

  leftJoin<R, VOut, Other extends Side>(
    other: KStream<K, R, Other>,
    joiner: (value: V, other: R | null, key: K) => VOut,
    options: StreamJoinOptions<K, V, R>
  ): KStream<K, VOut, 'value'>
  leftJoin<T, VOut>(
    table: KTable<K, T>,
    joiner: (value: V, tableValue: T | null, key: K) => VOut,
    options?: GraceJoinOptions<V>
  ): KStream<K, VOut, Unknown | 'value'>
  leftJoin<GK, T, VOut>(
    table: GlobalKTable<GK, T>,
    selector: (value: V, key: K) => GK | null,
    joiner: (value: V, tableValue: T | null, key: K) => VOut
  ): KStream<K, VOut, Unknown | 'value'>
  leftJoin(other: object, joiner: unknown, options?: unknown): unknown {
    return this.#joinWith('left', other, joiner, options)
  }

  outerJoin<R, VOut, Other extends Side>(
    other: KStream<K, R, Other>,
    joiner: (value: V | null, other: R | null, key: K) => VOut,
    options: StreamJoinOptions<K, V, R>
  ): KStream<K, VOut, 'value'> {
    return this.#streamJoin('outer', other, joiner, options)
  }

  to(topic: Topic<NonNullable<K>, NonNullable<V>>): void
  to<T extends Topic<NonNullable<K>, NonNullable<V>>>(
    topics: readonly T[],
    choose: (value: V, key: K) => T
  ): void
  to<T extends Topic<NonNullable<K>, NonNullable<V>>>(
    topic: T | readonly T[],
    choose?: (value: V, key: K) => T
  ): void {
    const graph = this.#graph
    const { node: from } = this.parts
    if (choose === undefined) {
      this.#sink(from, topic as T)
      return
    }
    const sinks = new Map<string, string>()
    const node = graph.processor('to', [from], chooseTopic<K, V>(choose, sinks) as unknown as Compose)
    for (const one of topic as readonly T[]) sinks.set(one.name, this.#sink(node, one).name)
  }

  #sink<T extends Topic<NonNullable<K>, NonNullable<V>>>(from: GraphNode, topic: T): SinkNode {
    const { windowBytes } = topic.key
    return this.#graph.sink([from], topic as unknown as Topic<unknown, unknown>, { windowBytes })
  }

  #streamJoin<R, VOut, Other extends Side, After extends Side>(
    kind: 'inner' | 'left' | 'outer',
    other: KStream<K, R, Other>,
    joiner: (value: V | null, other: R | null, key: K) => VOut,
    options: StreamJoinOptions<K, V, R>
  ): KStream<K, VOut, After> {
    const {
      name,
      windows,
      key: givenKey,
      value,
      otherValue
    } = named(options, 'join(other, joiner, { name: "pairs", windows })')
    const graph = this.#graph
    const left = declareJoinSide(graph, this.parts, name, 'left', { key: givenKey, value })
    const right = declareJoinSide(graph, inner(other).parts, name, 'right', {
      key: givenKey,
      value: otherValue
    })
    const { key } = left
    const node = declareStreamJoin(graph, { name, kind, windows, key, left, right, joiner })
    return new KStreamImpl(graph, { node, serdes: { key, value: undefined }, rekeyed: false })
  }

  /** Tells the kinds of join apart by what is joined; the overloads have checked that the rest fits. */
  #joinWith<T, VOut>(
    kind: 'inner' | 'left',
    other: object,
    joiner: unknown,
    options: unknown
  ): KStream<K, VOut, Unknown | 'value'> {
    const left = kind === 'left'
    if (isGlobal(other)) {
      const selector = joiner as (value: V, key: K) => unknown
      const join = options as (value: V, tableValue: T | null, key: K) => VOut
      return this.#step('join', globalTableJoin(other.storeName, selector, join, left), this.#newValue())
    }
    if (other instanceof KStreamImpl)
      return this.#streamJoin(
        kind,
        other as KStreamImpl<K, T>,
        joiner as (value: V | null, other: T | null, key: K) => VOut,
        options as StreamJoinOptions<K, V, T>
      )
    const { node: from, serdes } = this.parts
    const table = partsOf(other as KTable<K, T>)
    mustHaveItsKey(this.parts, `the join with "${table.node.name}"`)
    const node = declareStreamTableJoin(this.#graph, {
      stream: { node: from, ...serdes },
      table,
      joiner: joiner as (value: V, tableValue: T | null, key: K) => VOut,
      left,
      grace: options as GraceJoinOptions<V> | undefined
    })
    return new KStreamImpl(this.#graph, { node, ...this.#newValue<VOut>() })
  }

  #step<KOut, VOut, After extends Side>(
    operator: string,
    step: Operator<K, V, KOut, VOut>,
    after: Omit<StreamParts<KOut, VOut>, 'node'>,
    stores: readonly string[] = []
  ): KStream<KOut, VOut, After> {
    const { node: parent } = this.parts
    const node = this.#graph.processor(operator, [parent], step as unknown as Compose, { stores })
    return new KStreamImpl(this.#graph, { ...after, node })
  }

  /** After a step that gives values of a new type. */
  #newValue<VOut>(): Omit<StreamParts<K, VOut>, 'node'> {
    const { serdes, rekeyed } = this.parts
    return { serdes: { key: serdes.key, value: undefined }, rekeyed }
  }
}

function inner<K, V, Unknown extends Side>(stream: KStream<K, V, Unknown>): KStreamImpl<K, V, Unknown> {
  return stream as KStreamImpl<K, V, Unknown>
}

/** After a step that gives keys and values of new types. */
function newKey<K, V>(): Omit<StreamParts<K, V>, 'node'> {
  return { serdes: { key: undefined, value: undefined }, rekeyed: true }
}
