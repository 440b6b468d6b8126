import { StreamsError } from '../core/errors.ts'
import type { Serde } from '../core/serde.ts'
import { changed } from '../core/serdes/changed.ts'
import { bufferedChange } from '../processors/buffered-change.ts'
import { mapTable } from '../processors/map-table.ts'
import type { OldValues } from '../processors/operator.ts'
import { regroupTable } from '../processors/regroup-table.ts'
import { selectKey } from '../processors/select-key.ts'
import { suppress } from '../processors/suppress.ts'
import { mappedView, storeView } from '../processors/table-view.ts'
import { toStream } from '../processors/to-stream.ts'
import type { StoreDefinition } from '../state/store-definition.ts'
import type { KGroupedTable, KStream, KTable } from './dsl.ts'
import { declareForeignKeyJoin } from './foreign-key-joins.ts'
import type { Graph } from './graph.ts'
import type { Compose } from './graph-node.ts'
import { KGroupedTableImpl } from './k-grouped-table.ts'
import { named } from './named.ts'
import type { ForeignKeyJoinOptions, RepartitionOptions, StoreOptions, TableStoreOptions } from './options.ts'
import { keyComparison, missingSerde } from './serdes-of.ts'
import type { Suppressed } from './suppressed.ts'
import { declareTableJoin } from './table-joins.ts'
import { needOldValues, partsOf, type TableParts } from './table-parts.ts'

export class KTableImpl<K, V> implements KTable<K, V> {
  readonly #graph: Graph
  readonly parts: TableParts<K, V>

  constructor(graph: Graph, parts: TableParts<K, V>) {
    this.#graph = graph
    this.parts = parts
  }

  get storeDefinition(): StoreDefinition | undefined {
    const { storeName } = this.parts
    return storeName === undefined ? undefined : this.#graph.stores.get(storeName)
  }

  get storeName(): string | undefined {
    return this.parts.storeName
  }

  filter(predicate: (value: V, key: K) => boolean, store?: StoreOptions): KTable<K, V> {
    return this.#filter('filter', predicate, store && named(store, 'filter(predicate, { name: "kept" })'))
  }

  filterNot(predicate: (value: V, key: K) => boolean, store?: StoreOptions): KTable<K, V> {
    return this.#filter(
      'filter-not',
      (value, key) => !predicate(value, key),
      store && named(store, 'filterNot(predicate, { name: "kept" })')
    )
  }

  mapValues<VOut>(
    mapper: (value: V, key: K) => VOut | null,
    store?: TableStoreOptions<VOut>
  ): KTable<K, VOut> {
    if (store !== undefined) named(store, 'mapValues(mapper, { name: "mapped", value: json(schema) })')
    return this.#map('map-values', mapper, store, store?.value, { wanted: false }, false)
  }

  groupBy<KOut, VOut>(
    selector: (value: V, key: K) => readonly [KOut | null, VOut | null],
    options: RepartitionOptions<KOut, VOut> & { readonly key: Serde<KOut>; readonly value: Serde<VOut> }
  ): KGroupedTable<KOut, VOut> {
    const { parts } = this
    const { name, key, value } = named(
      options,
      'groupBy(selector, { name: "by-country", key: string(), value: json(schema) })'
    )
    if (key === undefined) throw missingSerde(`groupBy "${name}"`, 'key')
    if (value === undefined) throw missingSerde(`groupBy "${name}"`, 'value')
    needOldValues(parts, `groupBy "${name}"`)
    const step = regroupTable(selector, keyComparison(key), parts.versioned)
    const regrouped = this.#graph.processor('group-by', [parts.node], step as unknown as Compose, {
      anchor: name
    })
    const node = this.#graph.repartition([regrouped], {
      repartition: name,
      key: key as Serde<unknown>,
      value: changed(value) as Serde<unknown>,
      partitions: options.partitions
    })
    return new KGroupedTableImpl(this.#graph, node, { key, value })
  }

  join<R, VOut>(
    other: KTable<K, R>,
    joiner: (value: V, other: R, key: K) => VOut | null,
    store?: TableStoreOptions<VOut>
  ): KTable<K, VOut>
  join<FK, FV, VOut>(
    other: KTable<FK, FV>,
    foreignKey: (value: V, key: K) => FK | null,
    joiner: (value: V, foreignValue: FV, key: K) => VOut | null,
    options: ForeignKeyJoinOptions<VOut>
  ): KTable<K, VOut>
  join<R, VOut>(other: unknown, first: unknown, second?: unknown, options?: unknown): KTable<K, VOut> {
    return this.#join<R, VOut>('inner', other, first, second, options)
  }

  leftJoin<R, VOut>(
    other: KTable<K, R>,
    joiner: (value: V, other: R | null, key: K) => VOut | null,
    store?: TableStoreOptions<VOut>
  ): KTable<K, VOut>
  leftJoin<FK, FV, VOut>(
    other: KTable<FK, FV>,
    foreignKey: (value: V, key: K) => FK | null,
    joiner: (value: V, foreignValue: FV | null, key: K) => VOut | null,
    options: ForeignKeyJoinOptions<VOut>
  ): KTable<K, VOut>
  leftJoin<R, VOut>(other: unknown, first: unknown, second?: unknown, options?: unknown): KTable<K, VOut> {
    return this.#join<R, VOut>('left', other, first, second, options)
  }

  outerJoin<R, VOut>(
    other: KTable<K, R>,
    joiner: (value: V | null, other: R | null, key: K) => VOut | null,
    store?: TableStoreOptions<VOut>
  ): KTable<K, VOut> {
    return declareTableJoin(this.#graph, 'outer', this.parts, partsOf(other), joiner, store)
  }

  suppress(suppressed: Suppressed<K>): KTable<K, V> {
    const { parts } = this
    const { name, timeOf, maxRecords, maxBytes, whenFull } = named(
      suppressed,
      'suppress(untilTimeLimit(60_000, { name: "calm" }))'
    )
    const step = `suppress "${name}"`
    const waitMs = suppressed.waitMs ?? parts.graceMs
    if (waitMs === undefined)
      throw new StreamsError('TOPOLOGY_INVALID', `${step} waits for windows, but the table has none`)
    if (parts.key === undefined) throw missingSerde(step, 'key')
    if (parts.value === undefined) throw missingSerde(step, 'value')
    needOldValues(parts, step)
    this.#graph.keyValueStore({ name }, parts.key, bufferedChange)
    const rules = {
      storeName: name,
      timeOf,
      waitMs,
      maxRecords,
      maxBytes,
      whenFull,
      dropTombstones: timeOf !== undefined
    }
    const node = this.#graph.processor(
      'suppress',
      [parts.node],
      suppress(rules, parts.key, parts.value) as unknown as Compose,
      { emits: 'table', stores: [name], anchor: name }
    )
    return this.#graph.table({
      ...parts,
      node,
      storeName: undefined,
      view: undefined,
      sendOldValues: () => true
    })
  }

  toStream(): KStream<K, V | null>
  toStream<KOut>(selector: (value: V | null, key: K) => KOut): KStream<KOut, V | null, 'key'>
  toStream<KOut>(selector?: (value: V | null, key: K) => KOut): unknown {
    const { node, key } = this.parts
    const value = this.parts.value as Serde<V | null> | undefined
    const stream = this.#graph.processor('to-stream', [node], toStream() as unknown as Compose)
    if (selector === undefined) return this.#graph.stream(stream, { key, value })
    const rekeyed = this.#graph.processor('select-key', [stream], selectKey(selector) as unknown as Compose)
    return this.#graph.stream<KOut, V | null>(rekeyed, { key: undefined, value }, true)
  }

  /** Tells the kinds of join apart; the overloads have checked that the rest fits. */
  #join<R, VOut>(
    kind: 'inner' | 'left',
    other: unknown,
    first: unknown,
    second: unknown,
    options: unknown
  ): KTable<K, VOut> {
    if (options === undefined)
      return declareTableJoin(
        this.#graph,
        kind,
        this.parts,
        partsOf(other as KTable<K, R>),
        first as (value: V | null, other: R | null, key: K) => VOut | null,
        second as TableStoreOptions<VOut> | undefined
      )
    return declareForeignKeyJoin(
      this.#graph,
      this.parts,
      partsOf(other as KTable<unknown, R>),
      first as (value: V, key: K) => unknown,
      second as (value: V, foreignValue: R | null, key: K) => VOut | null,
      options as ForeignKeyJoinOptions<VOut>,
      kind === 'left'
    )
  }

  #filter(
    step: string,
    predicate: (value: V, key: K) => boolean,
    store: StoreOptions | undefined
  ): KTable<K, V> {
    // where the table tells old values anyway, a change from absent to absent need not go on
    const oldValues = { wanted: this.parts.sendOldValues() }
    const keep = (value: V, key: K) => (predicate(value, key) ? value : null)
    // a change of a versioned table's past may matter to what comes after, even where it changes nothing here
    return this.#map(step, keep, store, this.parts.value, oldValues, !this.parts.versioned)
  }

  #map<VOut>(
    step: string,
    map: (value: V, key: K) => VOut | null,
    store: StoreOptions | undefined,
    value: Serde<VOut> | undefined,
    oldValues: OldValues,
    dropsNothing: boolean
  ): KTable<K, VOut> {
    const { parts } = this
    if (store !== undefined) {
      if (parts.key === undefined) throw missingSerde(`${step} "${store.name}"`, 'key')
      if (value === undefined) throw missingSerde(`${step} "${store.name}"`, 'value')
      this.#graph.keyValueStore(store, parts.key, value)
    }
    const node = this.#graph.processor(
      step,
      [parts.node],
      mapTable({ step, map, storeName: store?.name, oldValues, dropsNothing }) as unknown as Compose,
      {
        emits: 'table',
        ...(store === undefined ? {} : { stores: [store.name], anchor: store.name })
      }
    )
    const ownView = parts.view === undefined ? undefined : mappedView(parts.view, map)
    return this.#graph.table<K, VOut>({
      ...parts,
      node,
      value,
      storeName: store?.name,
      view: store === undefined ? ownView : storeView(store.name),
      versioned: store === undefined && parts.versioned,
      sendOldValues: () => {
        if (store === undefined && !parts.sendOldValues()) return oldValues.wanted
        oldValues.wanted = true
        return true
      }
    })
  }
}
