import type { Serde } from '../core/serde.ts'
import type { Topic } from '../core/topic.ts'
import type { SessionWindows, SlidingWindows, TimeWindows, Windowed } from '../core/windows.ts'
import type { Add } from '../processors/aggregate.ts'
import type { Processor } from '../processors/process.ts'
import type { FixedKeyProcessor } from '../processors/process-values.ts'
import type { Reducer } from '../processors/reduce.ts'
import type { GlobalKTable } from './global-k-table.ts'
import type {
  AggregateOptions,
  CogroupOptions,
  CountOptions,
  EmitStrategy,
  ForeignKeyJoinOptions,
  GraceJoinOptions,
  ProcessOptions,
  ReduceOptions,
  RepartitionOptions,
  Side,
  StoreOptions,
  StreamJoinOptions,
  Subtract,
  TableStoreOptions,
  UnknownOtherSerdes,
  UnknownSerdes,
  WindowStoreOptions
} from './options.ts'
import type { Suppressed } from './suppressed.ts'

/*
 * The language in which graphs are written: all of it in one place, because its types return each other. Names and behaviour are Kafka
 * Streams'. Functions get the value first and the key second, and are synchronous; a promise throws ASYNC_FUNCTION.
 */

/**
 * A stream of records. Each method declares one step and returns the stream after it; nothing runs until a task is made. `Unknown` names the
 * sides whose types a step has changed, so that a step that must write them is to be told how.
 */
export interface KStream<K, V, Unknown extends Side = never> {
  /** Keeps the records for which the predicate is true. A type predicate narrows the value's type. */
  filter<S extends V>(predicate: (value: V, key: K) => value is S): KStream<K, S, Unknown>
  filter(predicate: (value: V, key: K) => boolean): KStream<K, V, Unknown>
  /** Keeps the records for which the predicate is false. */
  filterNot(predicate: (value: V, key: K) => boolean): KStream<K, V, Unknown>
  /** A new key and value for each record, as `[key, value]`. */
  map<KOut, VOut>(mapper: (value: V, key: K) => readonly [KOut, VOut]): KStream<KOut, VOut, Side>
  mapValues<VOut>(mapper: (value: V, key: K) => VOut): KStream<K, VOut, Unknown | 'value'>
  /** Any number of `[key, value]` pairs for each record. */
  flatMap<KOut, VOut>(
    mapper: (value: V, key: K) => Iterable<readonly [KOut, VOut]>
  ): KStream<KOut, VOut, Side>
  /** Any number of values for each record. */
  flatMapValues<VOut>(mapper: (value: V, key: K) => Iterable<VOut>): KStream<K, VOut, Unknown | 'value'>
  selectKey<KOut>(selector: (value: V, key: K) => KOut): KStream<KOut, V, Unknown | 'key'>
  /** Shows each record to the function and hands it on. */
  peek(action: (value: V, key: K) => void): KStream<K, V, Unknown>
  /** Ends the stream in a function. */
  foreach(action: (value: V, key: K) => void): void
  /** The records of both streams; within one partition of a topic they stay in order. */
  merge<Other extends Side>(other: KStream<K, V, Other>): KStream<K, V, Unknown | Other>
  /** Splits the stream by predicates: `split().branch(predicate, 'large').defaultBranch('rest')` gives `{ large, rest }`. */
  split(): BranchedKStream<K, V, never, Unknown>
  /**
   * A processor of your own: sees whole records, headers included, and may use stores. Its records' key is taken to be
   * another one, so grouping after it repartitions.
   */
  process<KOut, VOut>(
    make: () => Processor<K, V, KOut, VOut>,
    options?: ProcessOptions
  ): KStream<KOut, VOut, Side>
  /** The same for processors that leave the key as it is, so that nothing is repartitioned. */
  processValues<VOut>(
    make: () => FixedKeyProcessor<K, V, VOut>,
    options?: ProcessOptions
  ): KStream<K, VOut, Unknown | 'value'>
  /** Sends the stream through an internal topic, so that equal keys are in one partition. Records without a key are dropped. */
  repartition(options: RepartitionOptions<K, V> & UnknownSerdes<Unknown, K, V>): KStream<K, V>
  /** Groups by a new key, through the repartition topic that `name` names. */
  groupBy<KOut>(
    selector: (value: V, key: K) => KOut,
    options: RepartitionOptions<NonNullable<KOut>, V> & UnknownSerdes<'key' | Unknown, NonNullable<KOut>, V>
  ): KGroupedStream<NonNullable<KOut>, V>
  /** Groups by the key as it is. After a step that changed the key this goes through a repartition topic, which needs a name. */
  groupByKey(
    ...options: 'key' extends Unknown
      ? [RepartitionOptions<K, V> & UnknownSerdes<Unknown, K, V>]
      : [Partial<RepartitionOptions<K, V>>?]
  ): KGroupedStream<K, V, 'key' extends Unknown ? never : Unknown>
  /** The stream as a table of the latest value of each key. The key must not have been changed since the topic. */
  toTable(
    options: StoreOptions & {
      readonly key?: Serde<K>
      readonly value?: Serde<V>
    } & UnknownSerdes<Unknown, K, V>
  ): KTable<K, V>
  /** Pairs the records of both streams whose keys are equal and whose times are near. The result's time is the later of the two. */
  join<R, VOut, Other extends Side>(
    other: KStream<K, R, Other>,
    joiner: (value: V, other: R, key: K) => VOut,
    options: StreamJoinOptions<K, V, R> & UnknownSerdes<Unknown, K, V> & UnknownOtherSerdes<Other, K, R>
  ): KStream<K, VOut, 'value'>
  /**
   * Looks each record's key up in the table as it is now, in a versioned one as it was at the record's time. Records without a match are
   * dropped. With `graceMs` records wait for a versioned table.
   */
  join<T, VOut>(
    table: KTable<K, T>,
    joiner: (value: V, tableValue: T, key: K) => VOut,
    options?: GraceJoinOptions<V> & UnknownSerdes<Unknown, K, V>
  ): KStream<K, VOut, Unknown | 'value'>
  /** Looks a key taken from each record up in a global table. */
  join<GK, T, VOut>(
    table: GlobalKTable<GK, T>,
    selector: (value: V, key: K) => GK | null,
    joiner: (value: V, tableValue: T, key: K) => VOut
  ): KStream<K, VOut, Unknown | 'value'>
  /** The same; records of this stream without a partner go on with null, when their window has closed. */
  leftJoin<R, VOut, Other extends Side>(
    other: KStream<K, R, Other>,
    joiner: (value: V, other: R | null, key: K) => VOut,
    options: StreamJoinOptions<K, V, R> & UnknownSerdes<Unknown, K, V> & UnknownOtherSerdes<Other, K, R>
  ): KStream<K, VOut, 'value'>
  /** Like `join` with a table; records without a match go on with null for the table's value. */
  leftJoin<T, VOut>(
    table: KTable<K, T>,
    joiner: (value: V, tableValue: T | null, key: K) => VOut,
    options?: GraceJoinOptions<V> & UnknownSerdes<Unknown, K, V>
  ): KStream<K, VOut, Unknown | 'value'>
  leftJoin<GK, T, VOut>(
    table: GlobalKTable<GK, T>,
    selector: (value: V, key: K) => GK | null,
    joiner: (value: V, tableValue: T | null, key: K) => VOut
  ): KStream<K, VOut, Unknown | 'value'>
  /** Records of both streams without a partner go on with null, when their window has closed. */
  outerJoin<R, VOut, Other extends Side>(
    other: KStream<K, R, Other>,
    joiner: (value: V | null, other: R | null, key: K) => VOut,
    options: StreamJoinOptions<K, V, R> & UnknownSerdes<Unknown, K, V> & UnknownOtherSerdes<Other, K, R>
  ): KStream<K, VOut, 'value'>
  /** Writes the stream to a topic, with the topic's serdes; or each record to that of the topics which is chosen for it. */
  to(topic: Topic<NonNullable<K>, NonNullable<V>>): void
  to<T extends Topic<NonNullable<K>, NonNullable<V>>>(
    topics: readonly T[],
    choose: (value: V, key: K) => T
  ): void
}

/** A stream on its way to being split. `Branches` are the names given so far. */
export interface BranchedKStream<K, V, Branches extends string = never, Unknown extends Side = never> {
  /** The records that no branch before took and for which the predicate is true. */
  branch<Name extends string>(
    predicate: (value: V, key: K) => boolean,
    name: Name
  ): BranchedKStream<K, V, Branches | Name, Unknown>
  /** All that is left. */
  defaultBranch<Name extends string>(name: Name): { readonly [B in Branches | Name]: KStream<K, V, Unknown> }
  /** What is left is dropped. */
  noDefaultBranch(): { readonly [B in Branches]: KStream<K, V, Unknown> }
}

/** Records grouped by key: equal keys are in one partition. */
export interface KGroupedStream<K, V, Unknown extends Side = never> {
  /** An aggregate per key, in a store. */
  aggregate<A>(options: AggregateOptions<K, V, A>): KTable<K, A>
  /** How many records each key has. */
  count(options: CountOptions): KTable<K, number>
  /** Joins the values of each key, two at a time. */
  reduce(options: ReduceOptions<V> & UnknownSerdes<Unknown, K, V>): KTable<K, V>
  /** Begins an aggregate of several streams grouped by the same key. */
  cogroup<A>(add: Add<K, V, A>): CogroupedKStream<K, A>
  windowedBy(windows: TimeWindows | SlidingWindows): TimeWindowedKStream<K, V, Unknown>
  windowedBy(windows: SessionWindows): SessionWindowedKStream<K, V, Unknown>
}

/** Records grouped by key and window of event time. */
export interface TimeWindowedKStream<K, V, Unknown extends Side = never> {
  /** An aggregate per key and window, in a store. */
  aggregate<A>(options: AggregateOptions<K, V, A> & WindowStoreOptions): KTable<Windowed<K>, A>
  /** How many records each key has in each window. */
  count(options: CountOptions & WindowStoreOptions): KTable<Windowed<K>, number>
  /** Joins the values of each key and window. The first value is kept as it is. */
  reduce(
    options: ReduceOptions<V> & WindowStoreOptions & UnknownSerdes<Unknown, K, V>
  ): KTable<Windowed<K>, V>
  /** When results leave. Default `onWindowUpdate`. */
  emitStrategy(strategy: EmitStrategy): TimeWindowedKStream<K, V, Unknown>
}

/** Records grouped by key and session. */
export interface SessionWindowedKStream<K, V, Unknown extends Side = never> {
  /** An aggregate per session. `merge` joins the aggregates of sessions between which a record was missing. */
  aggregate<A>(
    options: AggregateOptions<K, V, A> & WindowStoreOptions & { readonly merge: (a: A, b: A, key: K) => A }
  ): KTable<Windowed<K>, A>
  count(options: CountOptions & WindowStoreOptions): KTable<Windowed<K>, number>
  reduce(
    options: ReduceOptions<V> & WindowStoreOptions & UnknownSerdes<Unknown, K, V>
  ): KTable<Windowed<K>, V>
  /** When results leave. Default `onWindowUpdate`. */
  emitStrategy(strategy: EmitStrategy): SessionWindowedKStream<K, V, Unknown>
}

/** Several grouped streams with one aggregate per key. */
export interface CogroupedKStream<K, A> {
  cogroup<V, Unknown extends Side>(
    grouped: KGroupedStream<K, V, Unknown>,
    add: Add<K, V, A>
  ): CogroupedKStream<K, A>
  aggregate(options: CogroupOptions<A>): KTable<K, A>
  windowedBy(windows: TimeWindows | SlidingWindows): WindowedCogroupedKStream<K, A>
  windowedBy(windows: SessionWindows): SessionWindowedCogroupedKStream<K, A>
}

export interface WindowedCogroupedKStream<K, A> {
  aggregate(options: CogroupOptions<A> & WindowStoreOptions): KTable<Windowed<K>, A>
}

export interface SessionWindowedCogroupedKStream<K, A> {
  aggregate(
    options: CogroupOptions<A> & WindowStoreOptions & { readonly merge: (a: A, b: A, key: K) => A }
  ): KTable<Windowed<K>, A>
}

/** A table: the latest value of each key. Values that are absent reach no function. */
export interface KTable<K, V> {
  /** The store that holds it; undefined where it is worked out from another table. */
  readonly storeName: string | undefined
  /** The rows for which the predicate is true; with a store of its own where one is named. */
  filter(predicate: (value: V, key: K) => boolean, store?: StoreOptions): KTable<K, V>
  /** The rows for which the predicate is false. */
  filterNot(predicate: (value: V, key: K) => boolean, store?: StoreOptions): KTable<K, V>
  mapValues<VOut>(mapper: (value: V, key: K) => VOut | null, store?: TableStoreOptions<VOut>): KTable<K, VOut>
  /** The rows under new keys and values, as `[key, value]`; null for either leaves a row out. Goes through a repartition topic. */
  groupBy<KOut, VOut>(
    selector: (value: V, key: K) => readonly [KOut | null, VOut | null],
    options: RepartitionOptions<KOut, VOut> & { readonly key: Serde<KOut>; readonly value: Serde<VOut> }
  ): KGroupedTable<KOut, VOut>
  /** The rows that both tables have; with a store of its own where one is named. */
  join<R, VOut>(
    other: KTable<K, R>,
    joiner: (value: V, other: R, key: K) => VOut | null,
    store?: TableStoreOptions<VOut>
  ): KTable<K, VOut>
  /** Joins each row with the row of the other table whose key it names; null names none. */
  join<FK, FV, VOut>(
    other: KTable<FK, FV>,
    foreignKey: (value: V, key: K) => FK | null,
    joiner: (value: V, foreignValue: FV, key: K) => VOut | null,
    options: ForeignKeyJoinOptions<VOut>
  ): KTable<K, VOut>
  /** The rows of this table, with null where the other has none. */
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
  /** The rows of either table, with null where one has none. */
  outerJoin<R, VOut>(
    other: KTable<K, R>,
    joiner: (value: V | null, other: R | null, key: K) => VOut | null,
    store?: TableStoreOptions<VOut>
  ): KTable<K, VOut>
  /** Holds changes back, the last of each key: until its window closes, or for a time. */
  suppress(suppressed: Suppressed<K>): KTable<K, V>
  /** Its changes, as a stream of new values; null says that the key is gone. */
  toStream(): KStream<K, V | null>
  /** The same under a new key. */
  toStream<KOut>(selector: (value: V | null, key: K) => KOut): KStream<KOut, V | null, 'key'>
}

/** The rows of a table, grouped. A changed row is taken out of its group before it is added again. */
export interface KGroupedTable<K, V> {
  aggregate<A>(options: AggregateOptions<K, V, A> & Subtract<K, V, A>): KTable<K, A>
  /** How many rows each group has. */
  count(options: CountOptions): KTable<K, number>
  reduce(options: ReduceOptions<V> & { readonly subtractor: Reducer<V> }): KTable<K, V>
}
