import type { Serde } from '../core/serde.ts'
import type { JoinWindows } from '../core/windows.ts'
import type { Add } from '../processors/aggregate.ts'
import type { Reducer } from '../processors/reduce.ts'
import type { StoreReference } from '../state/store-definition.ts'
import type { TimestampExtractor } from './graph-node.ts'

/** What of a record is written in a form of its own. */
export type Side = 'key' | 'value'

/** The serdes that a step which writes a stream must be given: those of the sides whose types were changed since the topic. */
export type UnknownSerdes<Unknown extends Side, K, V> = ('key' extends Unknown
  ? { readonly key: Serde<K> }
  : unknown) &
  ('value' extends Unknown ? { readonly value: Serde<V> } : unknown)

/** The same for the other stream of a join. */
export type UnknownOtherSerdes<Unknown extends Side, K, R> = ('key' extends Unknown
  ? { readonly key: Serde<K> }
  : unknown) &
  ('value' extends Unknown ? { readonly otherValue: Serde<R> } : unknown)

/** Changes of a graph that save topics and stores, by Kafka Streams' names. They change which internal topics there are: see the lock file. */
export type Optimization =
  | 'merge.repartition.topics'
  | 'reuse.ktable.source.topics'
  | 'single.store.self.join'

export interface StreamsBuilderOptions {
  /**
   * `topology.optimization`. Default none, as in Kafka Streams; `all` is those there are.
   *
   * - `merge.repartition.topics`: groups and joins that begin at the same step of a new key, and are written with the same serdes, share the topic
   *   of the first of them.
   * - `reuse.ktable.source.topics`: the store of a table of a topic is restored from that topic, up to the committed position, and has no changelog.
   *   The topic should be compacted: of what it has lost nothing can be restored. Processors must not write to such a store.
   * - `single.store.self.join`: the inner join of a stream with itself keeps one store.
   */
  readonly optimization?: readonly Optimization[] | 'all'
}

/** How a topic is read. */
export interface StreamOptions<K, V> {
  /** Where event time comes from. Default: the records' timestamps. */
  readonly timestampExtractor?: TimestampExtractor<K, V>
}

/** What a processor of the user's own may use. */
export interface ProcessOptions {
  /**
   * Its stores: definitions made by `keyValueStore` and its sisters, which need not be added to the builder, or those of tables, see `storeOf`.
   * Steps that share a store run in one task.
   */
  readonly stores?: readonly StoreReference[]
}

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
  /** Keep a changelog topic. Without one the content is lost with the disk. Default true. */
  readonly logged?: boolean
}

export interface WindowStoreOptions extends StoreOptions {
  /**
   * How long windows are kept, ms. Default, and the least: size plus grace; of sliding windows twice the time difference plus grace, of sessions
   * inactivity gap plus grace.
   */
  readonly retentionMs?: number
}

/** A table that keeps its past, so that records can be joined with the rows of their time (KIP-889). */
export interface VersionedTableOptions extends Pick<StoreOptions, 'name' | 'logged'> {
  /** How far back, ms from the latest update, versions are known and updates still taken. */
  readonly historyRetentionMs: number
}

/** A join with a versioned table that waits for the table. */
export interface GraceJoinOptions<V> {
  /** Names the store of the records that wait, `<name>-Buffer`. */
  readonly name: string
  /** How long, ms of stream time, records wait for the table's rows of their time. At most the table's `historyRetentionMs`. */
  readonly graceMs: number
  /** How the stream's values are written. Needed where their type was changed since the topic. */
  readonly value?: Serde<V>
}

/** A store for a table whose values are of a new type. */
export interface TableStoreOptions<V> extends StoreOptions {
  /** How the values are written. */
  readonly value: Serde<V>
}

export interface AggregateOptions<K, V, A> extends StoreOptions {
  /** The aggregate of a key before its first record. */
  readonly initial: () => A
  /** Returns the new aggregate, null to delete it. The old one stays as it was. */
  readonly add: Add<K, V, A>
  /** How aggregates are written. */
  readonly value: Serde<A>
}

export interface CountOptions extends StoreOptions {
  /** How counts are written. Default: as Kafka's `Long`. */
  readonly value?: Serde<number>
}

export interface ReduceOptions<V> extends StoreOptions {
  readonly reducer: Reducer<V>
  /** How values are written. Needed where their type was changed since the topic. */
  readonly value?: Serde<V>
}

/** How rows of a table that leave a group are taken out of its aggregate. */
export interface Subtract<K, V, A> {
  readonly subtract: Add<K, V, A>
}

/** An aggregate of several grouped streams, each with its own `add`. */
export interface CogroupOptions<A> extends StoreOptions {
  readonly initial: () => A
  readonly value: Serde<A>
}

/** A windowed join of two streams. */
export interface StreamJoinOptions<K, L, R> {
  /** Begins the names of the join's stores, and of its repartition topics where a side was given a new key. */
  readonly name: string
  readonly windows: JoinWindows
  /** How keys are written. Needed where their type was changed since the topic; likewise the values of both sides. */
  readonly key?: Serde<K>
  readonly value?: Serde<L>
  readonly otherValue?: Serde<R>
}

/** A join of a table with the rows of another that its rows name. */
export interface ForeignKeyJoinOptions<VOut> {
  /** Begins the names of the join's topics and of its store of subscriptions. */
  readonly name: string
  /** Keeps the result; without it only its changes can be used. */
  readonly store?: TableStoreOptions<VOut>
}

/** When results of windows leave: with each update, or once when their window has closed. */
export type EmitStrategy = 'onWindowUpdate' | 'onWindowClose'
