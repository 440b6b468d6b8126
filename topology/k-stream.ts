import { StreamsError } from '../core/errors.ts'
import type { Serde } from '../core/serde.ts'
import type { Topic } from '../core/topic.ts'
import { chooseTopic } from '../processors/choose-topic.ts'
import { filter } from '../processors/filter.ts'
import { flatMap } from '../processors/flat-map.ts'
import { flatMapValues } from '../processors/flat-map-values.ts'
import { globalTableJoin } from '../processors/global-table-join.ts'
import { keyedOnly } from '../processors/keyed-only.ts'
import { map } from '../processors/map.ts'
import { mapValues } from '../processors/map-values.ts'
import type { Operator } from '../processors/operator.ts'
import { passThrough } from '../processors/pass-through.ts'
import { peek } from '../processors/peek.ts'
import { type Processor, process } from '../processors/process.ts'
import { selectKey } from '../processors/select-key.ts'
import { tableSource } from '../processors/table-source.ts'
import { storeView } from '../processors/table-view.ts'
import { BranchedKStreamImpl } from './branched-k-stream.ts'
import type { BranchedKStream, KGroupedStream, KStream, KTable } from './dsl.ts'
import { type GlobalKTable, isGlobal } from './global-k-table.ts'
import type { Graph, StreamSerdes } from './graph.ts'
import type { Compose, GraphNode } from './graph-node.ts'
import { KGroupedStreamImpl } from './k-grouped-stream.ts'
import type { GraceJoinOptions, RepartitionOptions, StoreOptions, StreamJoinOptions } from './options.ts'
import { missingSerde } from './serdes-of.ts'
import { declareStreamJoin } from './stream-joins.ts'
import { declareStreamTableJoin } from './stream-table-joins.ts'
import { partsOf, tellsWhenAsked } from './table-parts.ts'

export class KStreamImpl<K, V> implements KStream<K, V> {
  readonly #graph: Graph
  /** The step this stream comes out of. */
  readonly node: GraphNode
  readonly #serdes: StreamSerdes<K, V>
  /** The key was changed since the last topic, so equal keys may be in different partitions. */
  readonly #rekeyed: boolean

  constructor(graph: Graph, node: GraphNode, serdes: StreamSerdes<K, V>, rekeyed: boolean) {
    this.#graph = graph
    this.node = node
    this.#serdes = serdes
    this.#rekeyed = rekeyed
  }

  filter<S extends V>(predicate: (value: V, key: K) => value is S): KStream<K, S>
  filter(predicate: (value: V, key: K) => boolean): KStream<K, V>
  filter(predicate: (value: V, key: K) => boolean): KStream<K, V> {
    return this.#step('filter', filter(predicate), this.#serdes, this.#rekeyed)
  }

  filterNot(predicate: (value: V, key: K) => boolean): KStream<K, V> {
    return this.#step(
      'filter-not',
      filter<K, V>((value, key) => !predicate(value, key)),
      this.#serdes,
      this.#rekeyed
    )
  }

  map<KOut, VOut>(mapper: (value: V, key: K) => readonly [KOut, VOut]): KStream<KOut, VOut> {
    return this.#step('map', map(mapper), unknownSerdes<KOut, VOut>(), true)
  }

  mapValues<VOut>(mapper: (value: V, key: K) => VOut): KStream<K, VOut> {
    return this.#step(
      'map-values',
      mapValues(mapper),
      { key: this.#serdes.key, value: undefined },
      this.#rekeyed
    )
  }

  flatMap<KOut, VOut>(mapper: (value: V, key: K) => Iterable<readonly [KOut, VOut]>): KStream<KOut, VOut> {
    return this.#step('flat-map', flatMap(mapper), unknownSerdes<KOut, VOut>(), true)
  }

  flatMapValues<VOut>(mapper: (value: V, key: K) => Iterable<VOut>): KStream<K, VOut> {
    const serdes = { key: this.#serdes.key, value: undefined }
    return this.#step('flat-map-values', flatMapValues(mapper), serdes, this.#rekeyed)
  }

  peek(action: (value: V, key: K) => void): KStream<K, V> {
    return this.#step('peek', peek(action), this.#serdes, this.#rekeyed)
  }

  foreach(action: (value: V, key: K) => void): void {
    this.#step('foreach', peek(action), this.#serdes, this.#rekeyed)
  }

  split(): BranchedKStream<K, V> {
    return new BranchedKStreamImpl<K, V, never>(this.#graph, this.node, this.#serdes, this.#rekeyed, [])
  }

  selectKey<KOut>(selector: (value: V, key: K) => KOut): KStream<KOut, V> {
    return this.#step('select-key', selectKey(selector), { key: undefined, value: this.#serdes.value }, true)
  }

  merge(other: KStream<K, V>): KStream<K, V> {
    const node = this.#graph.processor(
      'merge',
      [this.node, inner(other).node],
      passThrough() as unknown as Compose
    )
    return new KStreamImpl(this.#graph, node, this.#serdes, this.#rekeyed || inner(other).#rekeyed)
  }

  process<KOut, VOut>(
    make: () => Processor<K, V, KOut, VOut>,
    options: { readonly stores?: readonly string[] } = {}
  ): KStream<KOut, VOut> {
    const stores = options.stores ?? []
    return this.#step('process', process(make, stores), unknownSerdes<KOut, VOut>(), true, stores)
  }

  processValues<VOut>(
    make: () => Processor<K, V, K, VOut>,
    options: { readonly stores?: readonly string[] } = {}
  ): KStream<K, VOut> {
    const stores = options.stores ?? []
    const serdes = { key: this.#serdes.key, value: undefined }
    return this.#step('process-values', process(make, stores), serdes, this.#rekeyed, stores)
  }

  repartition(options: RepartitionOptions<K, V>): KStream<K, V> {
    const serdes = this.#serdesFor(options, `repartition "${options.name}"`)
    const keyed = this.#graph.processor('keyed-only', [this.node], keyedOnly() as unknown as Compose)
    const node = this.#graph.repartition([keyed], {
      repartition: options.name,
      key: serdes.key as Serde<unknown>,
      value: serdes.value as Serde<unknown>,
      partitions: options.partitions
    })
    return new KStreamImpl(this.#graph, node, serdes, false)
  }

  groupBy<KOut>(
    selector: (value: V, key: K) => KOut,
    options: RepartitionOptions<NonNullable<KOut>, V> & { readonly key: Serde<NonNullable<KOut>> }
  ): KGroupedStream<NonNullable<KOut>, V> {
    // records that are given no key are dropped before the repartition topic
    const rekeyed = this.selectKey(selector as (value: V, key: K) => NonNullable<KOut>)
    return rekeyed.groupByKey(options)
  }

  groupByKey(options: Partial<RepartitionOptions<K, V>> = {}): KGroupedStream<K, V> {
    if (!this.#rekeyed) {
      const key = options.key ?? this.#serdes.key
      if (key === undefined) throw missingSerde('groupByKey', 'key')
      return new KGroupedStreamImpl(this.#graph, {
        node: this.node,
        key,
        value: options.value ?? this.#serdes.value
      })
    }
    const { name } = options
    if (name === undefined)
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        'the key was changed, so groupByKey needs a repartition topic: give it a name, e.g. groupByKey({ name: "by-sku", key: string() })'
      )
    const grouped = this.repartition({ ...options, name })
    const { node } = inner(grouped)
    return new KGroupedStreamImpl(this.#graph, {
      node,
      ...this.#serdesFor(options, `groupByKey "${name}"`)
    })
  }

  toTable(options: StoreOptions & { readonly key?: Serde<K>; readonly value?: Serde<V> }): KTable<K, V> {
    const { name } = options
    if (this.#rekeyed)
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        `the key was changed before table "${name}": call repartition({ name, key, value }) first`
      )
    const serdes = this.#serdesFor(options, `toTable "${name}"`)
    const oldValues = { wanted: false }
    this.#graph.keyValueStore(options, serdes.key, serdes.value)
    const step = tableSource<K, V>(name, oldValues)
    const node = this.#graph.processor('to-table', [this.node], step as unknown as Compose, {
      emits: 'table',
      stores: [name]
    })
    return this.#graph.table({
      node,
      ...serdes,
      storeName: name,
      view: storeView<K, V>(name),
      sendOldValues: tellsWhenAsked(oldValues),
      versioned: false,
      graceMs: undefined
    })
  }

  join<R, VOut>(
    other: KStream<K, R>,
    joiner: (value: V, other: R, key: K) => VOut,
    options: StreamJoinOptions<K, V, R>
  ): KStream<K, VOut>
  join<T, VOut>(
    table: KTable<K, T>,
    joiner: (value: V, tableValue: T, key: K) => VOut,
    options?: GraceJoinOptions<V>
  ): KStream<K, VOut>
  join<GK, T, VOut>(
    table: GlobalKTable<GK, T>,
    selector: (value: V, key: K) => GK | null,
    joiner: (value: V, tableValue: T, key: K) => VOut
  ): KStream<K, VOut>
  join<T, VOut>(other: object, joiner: unknown, options?: unknown): KStream<K, VOut> {
    return this.#joinWith<T, VOut>('inner', other, joiner, options)
  }

  leftJoin<R, VOut>(
    other: KStream<K, R>,
    joiner: (value: V, other: R | null, key: K) => VOut,
    options: StreamJoinOptions<K, V, R>
  ): KStream<K, VOut>
  leftJoin<T, VOut>(
    table: KTable<K, T>,
    joiner: (value: V, tableValue: T | null, key: K) => VOut,
    options?: GraceJoinOptions<V>
  ): KStream<K, VOut>
  leftJoin<GK, T, VOut>(
    table: GlobalKTable<GK, T>,
    selector: (value: V, key: K) => GK | null,
    joiner: (value: V, tableValue: T | null, key: K) => VOut
  ): KStream<K, VOut>
  leftJoin<T, VOut>(other: object, joiner: unknown, options?: unknown): KStream<K, VOut> {
    return this.#joinWith<T, VOut>('left', other, joiner, options)
  }

  outerJoin<R, VOut>(
    other: KStream<K, R>,
    joiner: (value: V | null, other: R | null, key: K) => VOut,
    options: StreamJoinOptions<K, V, R>
  ): KStream<K, VOut> {
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
    if (choose === undefined) {
      this.#graph.sink([this.node], topic as unknown as Topic<unknown, unknown>)
      return
    }
    const topics = topic as readonly T[]
    const step = chooseTopic<K, V>(choose, new Map(topics.map(({ name }) => [name, `to-${name}`])))
    const node = this.#graph.processor('to', [this.node], step as unknown as Compose)
    for (const one of topics) this.#graph.sink([node], one as unknown as Topic<unknown, unknown>)
  }

  #streamJoin<R, VOut>(
    kind: 'inner' | 'left' | 'outer',
    other: KStream<K, R>,
    joiner: (value: V | null, other: R | null, key: K) => VOut,
    options: StreamJoinOptions<K, V, R>
  ): KStream<K, VOut> {
    const { name, windows } = options
    const left = this.#joinSide(`${name}-left`, options.key, options.value)
    const right = inner(other).#joinSide(`${name}-right`, options.key, options.otherValue)
    const { key } = left
    const node = declareStreamJoin(this.#graph, { name, kind, windows, key, left, right, joiner })
    return new KStreamImpl<K, VOut>(this.#graph, node, { key, value: undefined }, false)
  }

  /** This stream as a side of a join: repartitioned where its key was changed. */
  #joinSide(
    name: string,
    key: Serde<K> | undefined,
    value: Serde<V> | undefined
  ): { node: GraphNode; key: Serde<K>; value: Serde<V> } {
    const given = { ...(key === undefined ? {} : { key }), ...(value === undefined ? {} : { value }) }
    const serdes = this.#serdesFor(given, `join "${name}"`)
    const stream = this.#rekeyed ? inner(this.repartition({ ...serdes, name })) : this
    return { node: stream.node, ...serdes }
  }

  /** Tells the kinds of join apart by what is joined; the overloads have checked that the rest fits. */
  #joinWith<T, VOut>(
    kind: 'inner' | 'left',
    other: object,
    joiner: unknown,
    options: unknown
  ): KStream<K, VOut> {
    const left = kind === 'left'
    const serdes = { key: this.#serdes.key, value: undefined }
    if (isGlobal(other)) {
      const selector = joiner as (value: V, key: K) => unknown
      const join = options as (value: V, tableValue: T | null, key: K) => VOut
      const step = globalTableJoin(other.storeName, selector, join, left)
      return this.#step('join', step, serdes, this.#rekeyed)
    }
    if (other instanceof KStreamImpl)
      return this.#streamJoin(
        kind,
        other as KStream<K, T>,
        joiner as (value: V | null, other: T | null, key: K) => VOut,
        options as StreamJoinOptions<K, V, T>
      )
    const parts = partsOf(other as KTable<K, T>)
    if (this.#rekeyed)
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        `the key was changed before the join with "${parts.node.name}": call repartition({ name, key, value }) first`
      )
    const node = declareStreamTableJoin(this.#graph, {
      stream: { node: this.node, ...this.#serdes },
      table: parts,
      joiner: joiner as (value: V, tableValue: T | null, key: K) => VOut,
      left,
      grace: options as GraceJoinOptions<V> | undefined
    })
    return new KStreamImpl<K, VOut>(this.#graph, node, serdes, false)
  }

  #step<KOut, VOut>(
    operator: string,
    step: Operator<K, V, KOut, VOut>,
    serdes: StreamSerdes<KOut, VOut>,
    rekeyed: boolean,
    stores: readonly string[] = []
  ): KStream<KOut, VOut> {
    const node = this.#graph.processor(operator, [this.node], step as unknown as Compose, { stores })
    return new KStreamImpl(this.#graph, node, serdes, rekeyed)
  }

  #serdesFor(
    options: { readonly key?: Serde<K>; readonly value?: Serde<V> },
    step: string
  ): { key: Serde<K>; value: Serde<V> } {
    const key = options.key ?? this.#serdes.key
    const value = options.value ?? this.#serdes.value
    if (key === undefined) throw missingSerde(step, 'key')
    if (value === undefined) throw missingSerde(step, 'value')
    return { key, value }
  }
}

function inner<K, V>(stream: KStream<K, V>): KStreamImpl<K, V> {
  return stream as KStreamImpl<K, V>
}

function unknownSerdes<K, V>(): StreamSerdes<K, V> {
  return { key: undefined, value: undefined }
}
