import type { StreamRecord } from '../core/record.ts'
import type { Serde } from '../core/serde.ts'
import type { Topic } from '../core/topic.ts'
import type { Children, Forward, ForwardChange, OperatorContext } from '../processors/operator.ts'

/** What a composed step is called with, its types erased: the graph holds steps of all types, the DSL has checked them. */
export type AnyForward = Forward<unknown, unknown> | ForwardChange<unknown, unknown>

/** Composes a step onto what comes after it; see `Operator` and its sisters. */
export type Compose = (downstream: never, context: OperatorContext, children: Children) => AnyForward

/**
 * The event time of a record, ms. A negative one makes the record skipped and counted. `partitionTime` is the highest event time of its
 * partition so far, -1 at first.
 */
export type TimestampExtractor<K, V> = (record: StreamRecord<K, V>, partitionTime: number) => number

interface NodeCommon {
  /** Place in the order of declaration; parents come before children. */
  readonly id: number
  /** What it is called in descriptions and errors. */
  readonly name: string
  readonly parents: readonly GraphNode[]
}

/** Reads a topic that others write. */
export interface SourceNode extends NodeCommon {
  readonly kind: 'source'
  readonly topic: Topic<unknown, unknown>
  /** Where the records' event time comes from; undefined: from the records' timestamps. */
  readonly timestampExtractor: TimestampExtractor<unknown, unknown> | undefined
}

/** One operator. `emits` says whether it hands on records or table changes. */
export interface ProcessorNode extends NodeCommon {
  readonly kind: 'processor'
  readonly compose: Compose
  readonly emits: 'stream' | 'table'
  readonly stores: readonly string[]
}

/**
 * Writes to an internal topic so that equal keys meet in one partition, and reads it back: the end of one sub-topology and the
 * start of another. The topic is `<application>-<topicName>`.
 */
export interface RepartitionNode extends NodeCommon {
  readonly kind: 'repartition'
  readonly repartition: string
  readonly topicName: string
  readonly key: Serde<unknown>
  readonly value: Serde<unknown>
  /** Undefined: as many as the widest topic it is fed from. */
  readonly partitions: number | undefined
  /** It is to have as many partitions as what this step reads, because its records meet that step's rows; undefined: see `partitions`. */
  readonly partitionsOf: GraphNode | undefined
}

/** Writes to a topic that others read. */
export interface SinkNode extends NodeCommon {
  readonly kind: 'sink'
  readonly topic: Topic<unknown, unknown>
  /** How many bytes at the end of a key do not choose its partition. */
  readonly windowBytes: number
}

/** One step of the graph, as plain data: nothing runs until a task composes it. */
export type GraphNode = SourceNode | ProcessorNode | RepartitionNode | SinkNode
