import { StreamsError } from '../core/errors.ts'
import type { Serde } from '../core/serde.ts'
import type { Topic } from '../core/topic.ts'
import { filter } from '../processors/filter.ts'
import { flatMap } from '../processors/flat-map.ts'
import { keyedOnly } from '../processors/keyed-only.ts'
import { map } from '../processors/map.ts'
import { mapValues } from '../processors/map-values.ts'
import type { Operator } from '../processors/operator.ts'
import { passThrough } from '../processors/pass-through.ts'
import { type Processor, process } from '../processors/process.ts'
import { selectKey } from '../processors/select-key.ts'
import { streamTableJoin, streamTableLeftJoin } from '../processors/stream-table-join.ts'
import type { KGroupedStream, KStream, KTable, RepartitionOptions } from './dsl.ts'
import type { Graph, StreamSerdes } from './graph.ts'
import type { Compose, GraphNode } from './graph-node.ts'
import { KGroupedStreamImpl } from './k-grouped-stream.ts'

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
    const node = this.#graph.repartition(keyed, {
      repartition: options.name,
      key: serdes.key as Serde<unknown>,
      value: serdes.value as Serde<unknown>,
      partitions: options.partitions
    })
    return new KStreamImpl(this.#graph, node, serdes, false)
  }

  groupBy<KOut>(
    selector: (value: V, key: K) => KOut,
    options: RepartitionOptions<KOut, V> & { readonly key: Serde<KOut> }
  ): KGroupedStream<KOut, V> {
    return this.selectKey(selector).groupByKey(options)
  }

  groupByKey(options: Partial<RepartitionOptions<K, V>> = {}): KGroupedStream<K, V> {
    if (!this.#rekeyed) {
      const key = options.key ?? this.#serdes.key
      if (key === undefined) throw missingSerde('groupByKey', 'key')
      return new KGroupedStreamImpl(this.#graph, this.node, {
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
    return new KGroupedStreamImpl(
      this.#graph,
      inner(grouped).node,
      this.#serdesFor(options, `groupByKey "${name}"`)
    )
  }

  join<T, VOut>(table: KTable<K, T>, joiner: (value: V, tableValue: T, key: K) => VOut): KStream<K, VOut> {
    return this.#join('join', table, streamTableJoin<K, V, T, VOut>(table.storeName, joiner))
  }

  leftJoin<T, VOut>(
    table: KTable<K, T>,
    joiner: (value: V, tableValue: T | null, key: K) => VOut
  ): KStream<K, VOut> {
    return this.#join('left-join', table, streamTableLeftJoin<K, V, T, VOut>(table.storeName, joiner))
  }

  to(topic: Topic<NonNullable<K>, NonNullable<V>>): void {
    this.#graph.sink(this.node, topic as unknown as Topic<unknown, unknown>)
  }

  #join<T, VOut>(operator: string, table: KTable<K, T>, step: Operator<K, V, K, VOut>): KStream<K, VOut> {
    if (this.#rekeyed)
      throw new StreamsError(
        'TOPOLOGY_INVALID',
        `the key was changed before the join with "${table.storeName}": call repartition({ name, key, value }) first`
      )
    return this.#step(operator, step, { key: this.#serdes.key, value: undefined }, false, [table.storeName])
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

function missingSerde(step: string, what: 'key' | 'value'): StreamsError {
  return new StreamsError(
    'TOPOLOGY_INVALID',
    `${step} must write the ${what} but does not know how since its type was changed: add ${what}: json(schema) or another serde`
  )
}
