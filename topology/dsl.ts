import type { Serde } from '../core/serde.ts'
import type { Topic } from '../core/topic.ts'
import type { TimeWindows, Windowed } from '../core/windows.ts'
import type { Add } from '../processors/aggregate.ts'
import type { Processor } from '../processors/process.ts'
import type { Reducer } from '../processors/reduce.ts'

/*
 * The language in which graphs are written: all of it in one place, because its types return each other. Names and behaviour are Kafka
 * Streams'. Functions get the value first and the key second, and are synchronous; a promise throws ASYNC_FUNCTION.
 */

export interface RepartitionOptions<K, V> {
  /** Names the internal topic, `<application>-<name>-repartition`. */
  readonly name: string
  /** How keys are written. Needed where the key's type was changed since the topic. */
  readonly key?: Serde<K>
  /** How values are written. Needed where the value's type was changed since the topic. */
  readonly value?: Serde<V>
  /** Default: as many as the widest topic that feeds it. */
  readonly partitions?: number
}

/** How a store is kept. */
export interface StoreOptions {
  /** Names the store and its changelog topic, `<application>-<name>-changelog`. */
  readonly name: string
  /** Join the updates of a key between two commits into one. Default true. */
  readonly cached?: boolean
}

export interface WindowStoreOptions extends StoreOptions {
  /** How long windows are kept, ms. Default: size plus grace. */
  readonly retentionMs?: number
}

export interface AggregateOptions<K, V, A> extends StoreOptions {
  /** The aggregate of a key before its first record. */
  readonly initial: () => A
  /** Returns the new aggregate, null to delete it. The old one stays as it was. */
  readonly add: Add<K, V, A>
  /** How aggregates are written. */
  readonly value: Serde<A>
}

/** A stream of records. Each method declares one step and returns the stream after it; nothing runs until a task is made. */
export interface KStream<K, V> {
  /** Keeps the records for which the predicate is true. A type predicate narrows the value's type. */
  filter<S extends V>(predicate: (value: V, key: K) => value is S): KStream<K, S>
  filter(predicate: (value: V, key: K) => boolean): KStream<K, V>
  /** Keeps the records for which the predicate is false. */
  filterNot(predicate: (value: V, key: K) => boolean): KStream<K, V>
  /** A new key and value for each record, as `[key, value]`. */
  map<KOut, VOut>(mapper: (value: V, key: K) => readonly [KOut, VOut]): KStream<KOut, VOut>
  mapValues<VOut>(mapper: (value: V, key: K) => VOut): KStream<K, VOut>
  /** Any number of `[key, value]` pairs for each record. */
  flatMap<KOut, VOut>(mapper: (value: V, key: K) => Iterable<readonly [KOut, VOut]>): KStream<KOut, VOut>
  selectKey<KOut>(selector: (value: V, key: K) => KOut): KStream<KOut, V>
  /** The records of both streams; within one partition of a topic they stay in order. */
  merge(other: KStream<K, V>): KStream<K, V>
  /**
   * A processor of your own: sees whole records, headers included, and may use stores by name. Its records' key is taken to be
   * another one, so grouping after it repartitions.
   */
  process<KOut, VOut>(
    make: () => Processor<K, V, KOut, VOut>,
    options?: { readonly stores?: readonly string[] }
  ): KStream<KOut, VOut>
  /** The same for processors that leave the key as it is. */
  processValues<VOut>(
    make: () => Processor<K, V, K, VOut>,
    options?: { readonly stores?: readonly string[] }
  ): KStream<K, VOut>
  /** Sends the stream through an internal topic, so that equal keys are in one partition. Records without a key are dropped. */
  repartition(options: RepartitionOptions<K, V>): KStream<K, V>
  /** Groups by a new key, through the repartition topic that `name` names. */
  groupBy<KOut>(
    selector: (value: V, key: K) => KOut,
    options: RepartitionOptions<KOut, V> & { readonly key: Serde<KOut> }
  ): KGroupedStream<KOut, V>
  /** Groups by the key as it is. After a step that changed the key this goes through a repartition topic, which needs a name. */
  groupByKey(options?: Partial<RepartitionOptions<K, V>>): KGroupedStream<K, V>
  /** Looks each record's key up in the table as it is now. Records without a match are dropped. */
  join<T, VOut>(table: KTable<K, T>, joiner: (value: V, tableValue: T, key: K) => VOut): KStream<K, VOut>
  /** The same; records without a match go on with null for the table's value. */
  leftJoin<T, VOut>(
    table: KTable<K, T>,
    joiner: (value: V, tableValue: T | null, key: K) => VOut
  ): KStream<K, VOut>
  /** Writes the stream to a topic, with the topic's serdes. */
  to(topic: Topic<NonNullable<K>, NonNullable<V>>): void
}

/** Records grouped by key: equal keys are in one partition. */
export interface KGroupedStream<K, V> {
  /** An aggregate per key, in a store. */
  aggregate<A>(options: AggregateOptions<K, V, A>): KTable<K, A>
  /** How many records each key has. */
  count(options: StoreOptions): KTable<K, number>
  /** Joins the values of each key, two at a time. */
  reduce(options: StoreOptions & { readonly reducer: Reducer<V>; readonly value?: Serde<V> }): KTable<K, V>
  windowedBy(windows: TimeWindows): TimeWindowedKStream<K, V>
}

/** Records grouped by key and tumbling window of event time. */
export interface TimeWindowedKStream<K, V> {
  /** An aggregate per key and window, in a store. */
  aggregate<A>(options: AggregateOptions<K, V, A> & WindowStoreOptions): KTable<Windowed<K>, A>
  /** How many records each key has in each window. */
  count(options: WindowStoreOptions): KTable<Windowed<K>, number>
}

/** A table: the latest value of each key, kept in a store. */
export interface KTable<K, V> {
  /** The store that holds it. */
  readonly storeName: string
  /** Its changes, as a stream of new values; null says that the key is gone. */
  toStream(): KStream<K, V | null>
}
